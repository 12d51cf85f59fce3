//go:build amd64 && !noasm

package kernel

// avx2 is 16 vectors of 8 floats: tiles of 6 rows by 16 columns, 4 by 24 where
// that avoids a panel of one vector.
var avx2 = &assembly{
	name: "avx2", lanes: 8,
	products: products{
		panels: []int{0, 1, 2, 3, 2}, grain: 12, weightGrain: 12,
		nn: [4][]tileOf{nil,
			{{12, nn12x1AVX2}, {4, nn4x1AVX2}, {2, nn2x1AVX2}, {1, nn1x1AVX2}},
			{{6, nn6x2AVX2}, {4, nn4x2AVX2}, {2, nn2x2AVX2}, {1, nn1x2AVX2}},
			{{4, nn4x3AVX2}, {2, nn2x3AVX2}, {1, nn1x3AVX2}},
		},
		tn: [4][]tileOf{nil,
			{{12, tn12x1AVX2}, {4, tn4x1AVX2}, {2, tn2x1AVX2}, {1, tn1x1AVX2}},
			{{6, tn6x2AVX2}, {4, tn4x2AVX2}, {2, tn2x2AVX2}, {1, tn1x2AVX2}},
			{{3, tn3x3AVX2}, {2, tn2x3AVX2}, {1, tn1x3AVX2}},
		},
	},
	passes: passes{
		affine:         [3]func(y, x, scale, shift *float32, n int, period int){None: affineNoneAVX2, Swish: affineSwishAVX2, Sigmoid: affineSigmoidAVX2},
		affineAdd:      [3]func(y, x, scale, shift, residual *float32, n int, period int){None: affineNoneAddAVX2, Swish: affineSwishAddAVX2, Sigmoid: affineSigmoidAddAVX2},
		derivative:     [3]func(dx, dy, x *float32, n int){Swish: derivativeSwishAVX2, Sigmoid: derivativeSigmoidAVX2},
		combineColumns: combineColumnsAVX2, gradientSums: gradientSumsAVX2,
		exponential: exponentialsAVX2, fold: foldStatisticsAVX2,
		slopeSwish: slopeSwishAVX2, multiplySums: multiplySumsAVX2,
		moments: momentsAVX2, dotColumns: dotColumnsAVX2, sumColumns: sumColumnsAVX2,
		averagePairs: averagePairsAVX2, spreadPairs: spreadPairsAVX2, spreadPairsAdd: spreadPairsAddAVX2,
	},
	convolutions: convolutions{
		blockRow: blockRowAVX2,
		forward:  map[[2]int]blockKernel{{3, 1}: depthwise3s1AVX2, {3, 2}: depthwise3s2AVX2, {5, 1}: depthwise5s1AVX2, {5, 2}: depthwise5s2AVX2},
		weight:   map[[2]int]blockKernel{{3, 1}: depthwiseWeight3s1AVX2, {3, 2}: depthwiseWeight3s2AVX2, {5, 1}: depthwiseWeight5s1AVX2, {5, 2}: depthwiseWeight5s2AVX2},
		input:    map[int][2]blockKernel{3: {depthwiseInput3p0AVX2, depthwiseInput3p1AVX2}, 5: {depthwiseInput5p0AVX2, depthwiseInput5p1AVX2}},
	},
	fusions: fusions{
		widths: []int{0, 1, 2},
		tiles: [4][]fusedTile{
			1: {{12, product12x1AVX2}, {4, product4x1AVX2}, {2, product2x1AVX2}, {1, product1x1AVX2}},
			2: {{6, product6x2AVX2}, {4, product4x2AVX2}, {2, product2x2AVX2}, {1, product1x2AVX2}},
		},
		convolve: map[[2]int]func(*[10]uint64){{3, 1}: convolve3s1AVX2, {3, 2}: convolve3s2AVX2, {5, 1}: convolve5s1AVX2, {5, 2}: convolve5s2AVX2},
		gather:   gatherBlockAVX2, scalePanel: scalePanelAVX2, scaleBlock: scaleBlockAVX2,
	},
}
