//go:build amd64 && !noasm

// Package avx2 is the loops of AVX2 with FMA.
package avx2

import "bignas/core/kernel/internal/asm"

// Loops is 16 vectors of 8 floats: tiles of 6 rows by 16 columns, 4 by 24 where
// that avoids a panel of one vector.
var Loops = asm.Loops{
	Name: "avx2", Lanes: 8,
	Products: asm.Products{
		Panels: []int{0, 1, 2, 3, 2}, Grain: 12, WeightGrain: 12,
		NN: [4][]asm.Tile{nil,
			{{Rows: 12, Run: nn12x1}, {Rows: 4, Run: nn4x1}, {Rows: 2, Run: nn2x1}, {Rows: 1, Run: nn1x1}},
			{{Rows: 6, Run: nn6x2}, {Rows: 4, Run: nn4x2}, {Rows: 2, Run: nn2x2}, {Rows: 1, Run: nn1x2}},
			{{Rows: 4, Run: nn4x3}, {Rows: 2, Run: nn2x3}, {Rows: 1, Run: nn1x3}},
		},
		TN: [4][]asm.Tile{nil,
			{{Rows: 12, Run: tn12x1}, {Rows: 4, Run: tn4x1}, {Rows: 2, Run: tn2x1}, {Rows: 1, Run: tn1x1}},
			{{Rows: 6, Run: tn6x2}, {Rows: 4, Run: tn4x2}, {Rows: 2, Run: tn2x2}, {Rows: 1, Run: tn1x2}},
			{{Rows: 3, Run: tn3x3}, {Rows: 2, Run: tn2x3}, {Rows: 1, Run: tn1x3}},
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
		Widths: []int{0, 1, 2},
		Tiles: [4][]asm.ProductTile{
			1: {{Rows: 12, Run: product12x1}, {Rows: 4, Run: product4x1}, {Rows: 2, Run: product2x1}, {Rows: 1, Run: product1x1}},
			2: {{Rows: 6, Run: product6x2}, {Rows: 4, Run: product4x2}, {Rows: 2, Run: product2x2}, {Rows: 1, Run: product1x2}},
		},
		Convolve: map[[2]int]func(*[10]uint64){{3, 1}: convolve3s1, {3, 2}: convolve3s2, {5, 1}: convolve5s1, {5, 2}: convolve5s2},
		Gather:   gatherBlock, ScalePanel: scalePanel, ScaleBlock: scaleBlock,
	},
}
