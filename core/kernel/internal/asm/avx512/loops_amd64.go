//go:build amd64 && !noasm

// Package avx512 is the loops of AVX-512.
package avx512

import "bignas/core/kernel/internal/asm"

// Loops is 32 vectors of 16 floats with masks. Panels of 3 vectors are preferred:
// 9 rows by 48 columns keep 27 accumulators and reuse each loaded vector most.
var Loops = asm.Loops{
	Name: "avx512", Lanes: 16,
	Products: asm.Products{
		Panels: []int{0, 1, 2, 3, 2, 3}, Grain: 18, WeightGrain: 8,
		NN: [4][]asm.Tile{nil,
			{{Rows: 24, Run: nn24x1}, {Rows: 8, Run: nn8x1}, {Rows: 4, Run: nn4x1}, {Rows: 2, Run: nn2x1}, {Rows: 1, Run: nn1x1}},
			{{Rows: 14, Run: nn14x2}, {Rows: 8, Run: nn8x2}, {Rows: 4, Run: nn4x2}, {Rows: 2, Run: nn2x2}, {Rows: 1, Run: nn1x2}},
			{{Rows: 9, Run: nn9x3}, {Rows: 4, Run: nn4x3}, {Rows: 2, Run: nn2x3}, {Rows: 1, Run: nn1x3}},
		},
		TN: [4][]asm.Tile{nil,
			{{Rows: 16, Run: tn16x1}, {Rows: 8, Run: tn8x1}, {Rows: 4, Run: tn4x1}, {Rows: 2, Run: tn2x1}, {Rows: 1, Run: tn1x1}},
			{{Rows: 12, Run: tn12x2}, {Rows: 8, Run: tn8x2}, {Rows: 4, Run: tn4x2}, {Rows: 2, Run: tn2x2}, {Rows: 1, Run: tn1x2}},
			{{Rows: 8, Run: tn8x3}, {Rows: 4, Run: tn4x3}, {Rows: 2, Run: tn2x3}, {Rows: 1, Run: tn1x3}},
		},
	},
	Elementwise: asm.Elementwise{
		Affine:         [3]func(y, x, scale, shift *float32, n int, period int){affineNone, affineSwish, affineSigmoid},
		AffineAdd:      [3]func(y, x, scale, shift, residual *float32, n int, period int){affineNoneAdd, affineSwishAdd, affineSigmoidAdd},
		Derivative:     [3]func(dx, dy, x *float32, n int){nil, derivativeSwish, derivativeSigmoid},
		CombineColumns: combineColumns, GradientSums: gradientSums,
		Exponential: exponentials, Fold: foldStatistics,
		SlopeSwish: slopeSwish, MultiplySums: multiplySums,
		Moments: moments, DotColumns: dotColumns, SumColumns: sumColumns,
		AveragePairs: averagePairs, SpreadPairs: spreadPairs, SpreadPairsAdd: spreadPairsAdd,
		Rounded: asm.Rounded{
			Round: roundToBFloat16, Widen: widenBFloat16, RoundMoments: roundMoments, AffineRounded: affineSwishRounded,
			SlopeRounded: slopeSwishRounded, MultiplyRounded: multiplySumsRounded, CombineRounded: combineColumnsRounded,
		},
	},
	Depthwise: asm.Depthwise{
		BlockRow: blockRow, Touch: touch,
		Forward: map[[2]int]asm.Convolution{{3, 1}: depthwise3s1, {3, 2}: depthwise3s2, {5, 1}: depthwise5s1, {5, 2}: depthwise5s2},
		Weight:  map[[2]int]asm.Convolution{{3, 1}: depthwiseWeight3s1, {3, 2}: depthwiseWeight3s2, {5, 1}: depthwiseWeight5s1, {5, 2}: depthwiseWeight5s2},
		Input:   map[int][2]asm.Convolution{3: {depthwiseInput3p0, depthwiseInput3p1}, 5: {depthwiseInput5p0, depthwiseInput5p1}},
	},
	Fused: asm.Fused{
		Widths: []int{0, 1, 2, 3, 2, 3},
		Tiles: [4][]asm.ProductTile{
			1: {{Rows: 24, Run: product24x1}, {Rows: 8, Run: product8x1}, {Rows: 4, Run: product4x1}, {Rows: 2, Run: product2x1}, {Rows: 1, Run: product1x1}},
			2: {{Rows: 14, Run: product14x2}, {Rows: 8, Run: product8x2}, {Rows: 4, Run: product4x2}, {Rows: 2, Run: product2x2}, {Rows: 1, Run: product1x2}},
			3: {{Rows: 9, Run: product9x3}, {Rows: 4, Run: product4x3}, {Rows: 2, Run: product2x3}, {Rows: 1, Run: product1x3}},
		},
		Convolve: map[[2]int]func(*[10]uint64){{3, 1}: convolve3s1, {3, 2}: convolve3s2, {5, 1}: convolve5s1, {5, 2}: convolve5s2},
		Gather:   gatherBlock, ScalePanel: scalePanel, ScaleBlock: scaleBlock,
	},
}
