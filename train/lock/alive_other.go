//go:build !(unix || windows)

package lock

// alive cannot tell: a lock that was left behind has to be deleted by hand.
func alive(int) bool { return true }
