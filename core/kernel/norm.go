package kernel

import "math"

// Batch normalisation in bands. Forward, the column sums of a band (Moments) are added while
// it is in the cache; after all bands, NormScale has the scale and the shift, which the next
// operator applies while it reads the band. Backward, ActSlope and AddGrad run when the
// gradient is written, Combine when it is read.

// Moments computes the mean and the variance of c columns over bands. Each part has its own
// sums in float64, which are merged in order (Chan, Golub and LeVeque 1983).
type Moments[T Float] struct {
	// Pool, where not nil, replaces x by its sum over the processes that the rows are spread over.
	Pool func(x []float64)

	c     int
	parts []momentsPart[T]
}

type momentsPart[T Float] struct {
	rows        int
	origin      []T // first row seen: the sums are of differences from it
	sum, square []float64
}

// NewMoments returns empty sums of c columns.
func NewMoments[T Float](parts, c int) *Moments[T] {
	s := &Moments[T]{c: c, parts: make([]momentsPart[T], parts)}
	sums := make([]float64, 2*c*parts)
	for i := range s.parts {
		s.parts[i].sum, s.parts[i].square = sums[2*c*i:][:c], sums[2*c*i+c:][:c]
	}
	return s
}

// Add adds x [m, c] to a part, on the calling goroutine. Different parts may be added to
// concurrently.
func (s *Moments[T]) Add(part int, x []T, m int) {
	p := &s.parts[part]
	if p.origin == nil {
		p.origin = append(p.origin, x[:s.c]...)
	}
	p.rows += m
	if v, ok := any(x).([]float32); ok && active.addMoments != nil {
		active.addMoments(p.sum, p.square, v, m, s.c, float32s(p.origin))
		return
	}
	addMomentsReference(p.sum, p.square, x, m, s.c, p.origin)
}

// Result writes the mean and the biased variance of each column.
func (s *Moments[T]) Result(mean, variance []T) {
	if s.Pool != nil {
		s.pooled(mean, variance)
		return
	}
	for j := range s.c {
		n, mu, m2 := s.column(j)
		mean[j], variance[j] = T(mu), T(m2/n)
	}
}

// column returns the number of rows, the mean of column j and the sum of the squares of the
// differences from it.
func (s *Moments[T]) column(j int) (n, mu, m2 float64) {
	for i := range s.parts {
		p := &s.parts[i]
		if p.rows == 0 {
			continue
		}
		k := float64(p.rows)
		d := p.sum[j] / k
		at := float64(p.origin[j]) + d
		between := at - mu
		m2 += max(0, p.square[j]-p.sum[j]*d) + between*between*n*k/(n+k)
		n += k
		mu += between * k / n
	}
	return n, mu, m2
}

// pooled is Result over all processes. The sum of the squares of numbers in float64 loses
// nothing here that float32 would keep, unless a mean is thousands of deviations from zero.
func (s *Moments[T]) pooled(mean, variance []T) {
	sums := make([]float64, 2*s.c+1)
	for j := range s.c {
		n, mu, m2 := s.column(j)
		sums[j], sums[s.c+j], sums[2*s.c] = n*mu, m2+n*mu*mu, n
	}
	s.Pool(sums)
	n := sums[2*s.c]
	for j := range s.c {
		mu := sums[j] / n
		mean[j], variance[j] = T(mu), T(max(0, sums[s.c+j]/n-mu*mu))
	}
}

func addMomentsReference[T Float](sum, square []float64, x []T, m, c int, origin []T) {
	for i := range m {
		for j, v := range x[i*c : (i+1)*c] {
			d := float64(v) - float64(origin[j])
			sum[j] += d
			square[j] += d * d
		}
	}
}

// GradSums sums over bands what the gradient of a batch normalisation of c columns needs:
// d and d*(x-mean), for each part.
type GradSums struct {
	// Pool is that of Moments.
	Pool func(x []float64)

	c     int
	d, dx [][]float64
}

// NewGradSums returns empty sums of c columns.
func NewGradSums(parts, c int) *GradSums {
	s := &GradSums{c: c, d: make([][]float64, parts), dx: make([][]float64, parts)}
	sums := make([]float64, 2*c*parts)
	for i := range parts {
		s.d[i], s.dx[i] = sums[2*c*i:][:c], sums[2*c*i+c:][:c]
	}
	return s
}

// ActSlope computes y = act(z) and slope = act'(z) of a band [m, c], z =
// x*scale+shift, on the calling goroutine. None of them may be x.
func ActSlope[T Float](y, slope, x []T, m, c int, scale, shift []T, act Act) {
	if m == 0 {
		return
	}
	if v, ok := any(y).([]float32); ok && active.actSlope != nil && act <= lastFast {
		active.actSlope(v, float32s(slope), float32s(x), m, c, float32s(scale), float32s(shift), act)
		return
	}
	if act > lastFast {
		actSlopePlain(y, slope, x, m, c, scale, shift, act)
		return
	}
	actSlopeReference(y, slope, x, m, c, scale, shift, act)
}

func actSlopeReference[T Float](y, slope, x []T, m, c int, scale, shift []T, act Act) {
	for i := range m {
		for j := range c {
			at := i*c + j
			z := T(x[at]*scale[j]) + shift[j]
			y[at], slope[at] = activation(z, act), chained(1, z, act)
		}
	}
}

// AddGrad computes dz = dy*slope of a band [m, c] and adds it to the sums of a part, on the
// calling goroutine. A nil slope stands for ones; then dz must be dy, otherwise it may be. x
// is the input of the batch normalisation and mean its mean.
func AddGrad[T Float](s *GradSums, part int, dz, dy, slope, x []T, m int, mean []T) {
	if m == 0 {
		return
	}
	if v, ok := any(dz).([]float32); ok && active.addGrad != nil {
		active.addGrad(s.d[part], s.dx[part], v, float32s(dy), float32s(slope), float32s(x), m, s.c, float32s(mean))
		return
	}
	addGradReference(s.d[part], s.dx[part], dz, dy, slope, x, m, s.c, mean)
}

func addGradReference[T Float](sd, sdx []float64, dz, dy, slope, x []T, m, c int, mean []T) {
	for i := range m {
		for j := range c {
			at := i*c + j
			d := dy[at]
			if slope != nil {
				d *= slope[at]
				dz[at] = d
			}
			sd[j] += float64(d)
			sdx[j] += float64(d) * (float64(x[at]) - float64(mean[j]))
		}
	}
}

// column returns the sums of column j over all parts.
func (s *GradSums) column(j int) (sd, sdx float64) {
	for i := range s.d {
		sd += s.d[i][j]
		sdx += s.dx[i][j]
	}
	return sd, sdx
}

// pooled returns the sums of all processes, those of d and then those of d*(x-mean), or nil
// where there is one.
func (s *GradSums) pooled() []float64 {
	if s.Pool == nil {
		return nil
	}
	all := make([]float64, 2*s.c)
	for j := range s.c {
		all[j], all[s.c+j] = s.column(j)
	}
	s.Pool(all)
	return all
}

// Coefficients computes, from the sums over all m rows, the coefficients of Combine, with
// which the gradient at x is k*dz + a*x + b, and adds the gradients of gamma and beta. Where
// the rows are spread over processes, m counts those of all, and the gradients that are added
// are from the rows of this one.
func Coefficients[T Float](s *GradSums, m int, mean, invstd, gamma []T, k, a, b, dgamma, dbeta []T) {
	all := s.pooled()
	for j := range s.c {
		sd, sdx := s.column(j)
		inv, n := float64(invstd[j]), float64(m)
		sdx *= inv
		dbeta[j] += T(sd)
		dgamma[j] += T(sdx)
		if all != nil {
			sd, sdx = all[j], all[s.c+j]*inv
		}
		kj := float64(gamma[j]) * inv
		k[j] = T(kj)
		a[j] = T(-kj * inv * sdx / n)
		b[j] = T(kj * (float64(mean[j])*inv*sdx - sd) / n)
	}
}

// Combine computes dx = k*dz + a*x + b of a band [m, c], on the calling
// goroutine. dx may be dz.
func Combine[T Float](dx, dz, x []T, m, c int, k, a, b []T) {
	if m == 0 {
		return
	}
	if v, ok := any(dx).([]float32); ok && active.combine != nil {
		active.combine(v, float32s(dz), float32s(x), m, c, float32s(k), float32s(a), float32s(b))
		return
	}
	combineReference(dx, dz, x, m, c, k, a, b)
}

func combineReference[T Float](dx, dz, x []T, m, c int, k, a, b []T) {
	for i := range m {
		for j := range c {
			at := i*c + j
			dx[at] = T(k[j]*dz[at]) + T(a[j]*x[at]) + b[j]
		}
	}
}

// NormScale computes the scale and the shift that batch normalisation with these statistics
// comes to, and the reciprocal of the standard deviation.
func NormScale[T Float](scale, shift, invstd, mean, variance, gamma, beta []T, epsilon float64) {
	for i, v := range variance {
		invstd[i] = T(1 / math.Sqrt(float64(v)+epsilon))
		scale[i] = gamma[i] * invstd[i]
		shift[i] = beta[i] - mean[i]*scale[i]
	}
}
