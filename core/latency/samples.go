package latency

// Scaled returns the whole children that the model of a finished measurement was scaled to.
// Fit makes the same model of them and Model.Rows.
func (m *Measurement) Scaled() []Sample { return m.samples[:scaled] }

// Unseen returns the children that the error was measured on.
func (m *Measurement) Unseen() []Sample { return m.samples[scaled:] }
