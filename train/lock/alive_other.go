//go:build !(unix || windows)

package lock

// alive is not supported: stale locks have to be deleted by hand.
func alive(int) bool { return true }
