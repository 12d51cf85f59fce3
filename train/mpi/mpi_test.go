package mpi

import (
	"strings"
	"testing"
)

// TestLaunched: what each launcher says of itself, and that nothing else is taken for one.
func TestLaunched(t *testing.T) {
	for _, c := range []struct {
		env  string // NAME=value, separated by spaces
		want launcher
	}{
		{"", launcher{size: 1}},
		{"OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=3", launcher{"Open MPI's mpirun", "openmpi", 3, 4}},
		{"OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0", launcher{size: 1}},
		{"PMI_SIZE=2 PMI_RANK=1", launcher{"mpiexec", "pmi", 1, 2}},
		{"PMI_SIZE=many", launcher{size: 1}},
		{"SLURM_NTASKS=8 SLURM_PROCID=0", launcher{size: 1}}, // the script of sbatch
		{"SLURM_STEP_NUM_TASKS=8 SLURM_NTASKS=8 SLURM_PROCID=5", launcher{"srun", "slurm", 5, 8}},
		{"SLURM_STEP_NUM_TASKS=8 SLURM_PROCID=5 PMI_SIZE=8 PMI_RANK=5", launcher{"srun", "slurm-pmi", 5, 8}},
		{"SLURM_STEP_NUM_TASKS=8 SLURM_PROCID=5 PMIX_RANK=5", launcher{"srun", "slurm-pmix", 5, 8}},
		// Launchers that srun has started once on each host.
		{"SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=1 OMPI_COMM_WORLD_SIZE=16 OMPI_COMM_WORLD_RANK=9", launcher{"Open MPI's mpirun", "openmpi", 9, 16}},
		{"SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=1 PMI_SIZE=16 PMI_RANK=9", launcher{"mpiexec", "pmi", 9, 16}},
	} {
		env := map[string]string{}
		for _, e := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(e, "=")
			env[name] = value
		}
		if got := launched(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%q: %+v, want %+v", c.env, got, c.want)
		}
	}
}

// TestOwns: a library of another MPI is not initialised under a launcher, because it would
// take itself for the only process; under srun the one that its PMI is for comes first.
func TestOwns(t *testing.T) {
	const open, mpich, intel = "Open MPI v4.1.4, package: Debian OpenMPI", "MPICH Version:\t4.0.2\n", "Intel(R) MPI Library 2021.10"
	for _, c := range []struct {
		kind, version string
		owns, prefers bool
	}{
		{"openmpi", open, true, true}, {"openmpi", mpich, false, true}, {"openmpi", intel, false, true}, {"openmpi", "IBM Spectrum MPI", true, true},
		{"pmi", open, false, true}, {"pmi", mpich, true, true}, {"pmi", intel, true, true},
		{"slurm", open, true, true}, {"slurm", mpich, true, true},
		{"slurm-pmi", open, true, false}, {"slurm-pmi", mpich, true, true},
		{"slurm-pmix", open, true, true}, {"slurm-pmix", mpich, true, false},
	} {
		l := launcher{kind: c.kind}
		if owns, prefers := l.owns(c.version), l.prefers(c.version); owns != c.owns || prefers != c.prefers {
			t.Errorf("%s and %q: owns %v, prefers %v; want %v, %v", c.kind, c.version, owns, prefers, c.owns, c.prefers)
		}
	}
}
