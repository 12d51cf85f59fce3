// Package mpi joins the processes that an MPI launcher (mpirun, mpiexec, srun) has started into
// a group.Group. The MPI library is loaded when the program runs, without cgo, and only where
// there is a launcher.
//
// Three binary interfaces are known: that of MPI 5's standard (libmpi_abi), Open MPI's from
// version 4 on, and MPICH's, which Intel MPI, MVAPICH and Cray MPICH share. One thread makes
// all calls (MPI_THREAD_FUNNELED), and none of them blocks, so that sums go on in the
// background and a rank that waits for a dead one can still be told to end.
package mpi

import (
	"os"
	"strconv"
	"strings"

	"bignas/core/fault"
)

// Codes of the errors of Join.
const (
	CodeMissing = "no_mpi"    // no MPI library can be used here
	CodeForeign = "other_mpi" // the library is not the launcher's
)

// Library is the environment variable with the file of the MPI library to use instead of the
// first that fits.
const Library = "BIGNAS_MPI"

// launcher is what started the processes.
type launcher struct {
	name       string // for messages
	kind       string // "openmpi", "pmi", or how Slurm talks to libraries: "slurm-pmi", "slurm-pmix", "slurm"
	rank, size int
}

// launched reads from the environment which launcher has started this process. Without one
// there is one process.
func launched(env func(string) string) launcher {
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(env(name)); err == nil && n >= 0 {
			return n
		}
		return otherwise
	}
	l := launcher{size: 1}
	switch {
	case env("OMPI_COMM_WORLD_SIZE") != "":
		l = launcher{"Open MPI's mpirun", "openmpi", number("OMPI_COMM_WORLD_RANK", 0), number("OMPI_COMM_WORLD_SIZE", 1)}
	case env("PMI_SIZE") != "" && env("PMI_SIZE") != env("SLURM_STEP_NUM_TASKS"):
		l = launcher{"mpiexec", "pmi", number("PMI_RANK", 0), number("PMI_SIZE", 1)}
	case env("SLURM_STEP_NUM_TASKS") != "": // not set in the script of sbatch itself
		l = launcher{"srun", "slurm", number("SLURM_PROCID", 0), number("SLURM_STEP_NUM_TASKS", 1)}
		if env("PMI_SIZE") != "" {
			l.kind = "slurm-pmi"
		} else if env("PMIX_RANK") != "" {
			l.kind = "slurm-pmix"
		}
	}
	if l.size <= 1 {
		return launcher{size: 1}
	}
	return l
}

// Launched returns which of how many processes this is by what the launcher has said, before
// any library is asked: 0 of 1 without a launcher.
func Launched() (rank, size int) {
	l := launched(os.Getenv)
	return l.rank, l.size
}

// owns reports whether a library with this text of its version can be the launcher's.
func (l launcher) owns(version string) bool {
	openMPI := strings.Contains(version, "Open MPI")
	switch l.kind {
	case "openmpi":
		return openMPI || !strings.Contains(version, "MPICH") && !strings.Contains(version, "Intel")
	case "pmi":
		return !openMPI
	}
	return true
}

// prefers reports whether a library is the better guess where there are several: by PMI srun
// speaks to MPICH's as they are built, to Open MPI's only where they have been built for it.
func (l launcher) prefers(version string) bool {
	openMPI := strings.Contains(version, "Open MPI")
	return !(l.kind == "slurm-pmi" && openMPI || l.kind == "slurm-pmix" && !openMPI)
}

// foreign is the error of a library that the launcher has not told about the others.
func (l launcher) foreign(name, version string, rank, size int) error {
	version, _, _ = strings.Cut(strings.TrimSpace(version), "\n")
	version, _, _ = strings.Cut(version, ",")
	hint := "set " + Library + " to the file of the launcher's own library, or start with the launcher of this one"
	if strings.HasPrefix(l.kind, "slurm") {
		hint = "give srun --mpi=pmix for Open MPI or --mpi=pmi2 for MPICH (srun --mpi=list shows what there is), and set " + Library + " to the file of that library"
	}
	return fault.New(CodeForeign, hint,
		"%s has started %d processes, and %s (%s) says that this is rank %d of %d: the library does not belong to the launcher", l.name, l.size, name, version, rank, size)
}
