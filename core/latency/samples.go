package latency

// Scaled are the whole children that the model of a finished measurement was
// scaled to: with Model.Rows, all that Fit needs to make it again.
func (m *Measurement) Scaled() []Sample { return m.samples[:scaled] }

// Unseen are the children that its error was measured on.
func (m *Measurement) Unseen() []Sample { return m.samples[scaled:] }
