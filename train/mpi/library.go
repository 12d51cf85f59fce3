//go:build linux && (amd64 || arm64)

package mpi

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"

	"bignas/core/fault"
)

// files are the names of the libraries, in the order in which they are tried.
var files = []string{"libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi_abi.so", "libmpi.so.40", "libmpi.so.12", "libmpich.so.12"}

// dialect is the values that differ between the binary interfaces. Handles are passed as
// numbers of the size of a pointer: MPICH's, which are ints, have the rest zero.
type dialect struct {
	world, sum, float, double, bytes, errorsReturn uintptr
	inPlace, ignore                                uintptr // MPI_IN_PLACE, MPI_STATUS_IGNORE
	funneled                                       uintptr
}

// standard is section 20 of MPI 5.0 ("Application Binary Interface").
var standard = dialect{world: 0x101, sum: 0x21, float: 0x210, double: 0x214, bytes: 0x247, errorsReturn: 0x142, inPlace: 1, ignore: 0, funneled: 1024}

// mpich is the ABI that MPICH and those derived from it have promised to keep (libmpi.so.12).
var mpich = dialect{world: 0x44000000, sum: 0x58000003, float: 0x4c00040a, double: 0x4c00080b, bytes: 0x4c00010d, errorsReturn: 0x54000001, inPlace: ^uintptr(0), ignore: 1, funneled: 1}

// library is a loaded MPI library.
type library struct {
	name, version string
	handle        uintptr
	dialect

	initThread, rank, size, setErrors, iallreduce, ibcast, test, errorString, abort, finalize uintptr
}

// open loads the first library that can be the launcher's.
func open(l launcher) (*library, error) {
	try := files
	if file := os.Getenv(Library); file != "" {
		try = []string{file}
	}
	var errs, others []error
	var second *library
	for _, name := range try {
		lib, err := load(name)
		switch {
		case err != nil:
			errs = append(errs, err)
		case !l.owns(lib.version):
			others = append(others, l.foreign(name, lib.version, 0, 1))
		case l.prefers(lib.version):
			return lib, nil
		case second == nil:
			second = lib
		}
	}
	if second != nil {
		return second, nil
	}
	if len(others) > 0 {
		return nil, others[0]
	}
	return nil, fault.New(CodeMissing, "install the launcher's library (Debian: libopenmpi3 or libmpich12), or set "+Library+" to its file; without a launcher one process trains",
		"%s has started %d processes, and no MPI library can be loaded: %v", l.name, l.size, errors.Join(errs...))
}

// load loads a library and finds out which one it is.
func load(name string) (*library, error) {
	handle, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, err
	}
	l := &library{name: name, handle: handle, dialect: mpich}
	if strings.Contains(filepath.Base(name), "mpi_abi") {
		l.dialect = standard
	} else if world, err := purego.Dlsym(handle, "ompi_mpi_comm_world"); err == nil {
		// Open MPI's handles are the addresses of these.
		l.dialect = dialect{world: world, inPlace: 1, ignore: 0, funneled: 1}
		for symbol, to := range map[string]*uintptr{"ompi_mpi_op_sum": &l.sum, "ompi_mpi_float": &l.float, "ompi_mpi_double": &l.double, "ompi_mpi_byte": &l.bytes, "ompi_mpi_errors_return": &l.errorsReturn} {
			if *to, err = purego.Dlsym(handle, symbol); err != nil {
				return nil, fmt.Errorf("mpi: %s: %w", name, err)
			}
		}
	}
	var version uintptr
	for symbol, to := range map[string]*uintptr{"MPI_Get_library_version": &version, "MPI_Init_thread": &l.initThread, "MPI_Comm_rank": &l.rank, "MPI_Comm_size": &l.size,
		"MPI_Comm_set_errhandler": &l.setErrors, "MPI_Iallreduce": &l.iallreduce, "MPI_Ibcast": &l.ibcast, "MPI_Test": &l.test,
		"MPI_Error_string": &l.errorString, "MPI_Abort": &l.abort, "MPI_Finalize": &l.finalize} {
		if *to, err = purego.Dlsym(handle, symbol); err != nil {
			return nil, fmt.Errorf("mpi: %s: %w", name, err)
		}
	}
	l.version = text(func(at, length *byte) { purego.SyscallN(version, address(at), address(length)) })
	return l, nil
}

// start initialises the library on the calling thread, and returns which of how many processes
// this is. Libraries that load parts of themselves find their symbols only when they are global.
func (l *library) start() (rank, size int, err error) {
	if _, err := purego.Dlopen(l.name, purego.RTLD_NOW|purego.RTLD_GLOBAL); err != nil {
		return 0, 0, err
	}
	n := new([3]int32)
	if err := l.check(l.call(l.initThread, 0, 0, l.funneled, address(&n[0]))); err != nil {
		return 0, 0, err
	}
	if uintptr(n[0]) < l.funneled {
		return 0, 0, fmt.Errorf("mpi: %s allows calls only of programs with one thread", l.name)
	}
	err = errors.Join(l.check(l.call(l.setErrors, l.world, l.errorsReturn)),
		l.check(l.call(l.rank, l.world, address(&n[1]))), l.check(l.call(l.size, l.world, address(&n[2]))))
	return int(n[1]), int(n[2]), err
}

// call calls a function of the library that returns an error code.
func (l *library) call(f uintptr, args ...uintptr) int32 {
	code, _, _ := purego.SyscallN(f, args...)
	return int32(code)
}

// check turns an error code into an error.
func (l *library) check(code int32) error {
	if code == 0 {
		return nil
	}
	return fmt.Errorf("mpi: %s", text(func(at, length *byte) {
		purego.SyscallN(l.errorString, uintptr(code), address(at), address(length))
	}))
}

// text calls f with room for the longest text of any MPI and its length, an int.
func text(f func(at, length *byte)) string {
	b := new([8192 + 8]byte)
	f(&b[0], &b[8192])
	end, _, _ := strings.Cut(string(b[:8192]), "\x00")
	return end
}

// address is a pointer as an argument. What it points to is in the heap, which does not move,
// and is held by the caller.
func address[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }
