package weights

func newHash() *smallHash { return newSmallHash() }
