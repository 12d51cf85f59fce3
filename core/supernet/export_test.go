package supernet

import "bignas/core/arch"

// BelongTo is belongTo.
func (st *Statistics) BelongTo(a arch.Arch) error { return st.belongTo(a) }
