#!/usr/bin/env bash
# MPI_Iallreduce with MPI_IN_PLACE is far slower in Open MPI 4.1 than the same sum out of a copy. The default of the non-blocking
# collectives takes a binomial tree for every sum in place, whatever its size: all of it is collected at rank 0, one transfer after the
# other, and sent out again, which takes 2 log2(ranks) times the bytes where a ring takes less than twice. A copy of 4 MiB costs next to
# nothing: over 100 Mb/s, four ranks that summed gradients of 11 MB trained 2.3 times as fast with it.
#
# Why: nbc_iallreduce.c (ompi/mca/coll/libnbc) chooses NBC_ARED_BINOMIAL "if (p < 4 || size*count < 65536 || !commute || inplace)", and
# Rabenseifner's reduce-scatter and allgather otherwise. The blocking MPI_Allreduce does not look at that.
#
# Seen on 2026-11-29 on Debian 12, amd64, openmpi-bin 4.1.4-3+b1: the sum of 4 MiB over 8 ranks, and what the busiest rank sends for it,
# counted by Open MPI's monitoring:
#
#   in place: 12288 KiB
#   out of a copy: 7168 KiB
#
# Exits with 0 while in place takes over 1.5 times as much, with 1 when it changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
apt-get download -qq openmpi-bin=4.1.4-3+b1 libopenmpi3=4.1.4-3+b1 libopenmpi-dev=4.1.4-3+b1 libhwloc15 libevent-core-2.1-7 libevent-pthreads-2.1-7 libpmix2 libudev1 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
lib=$dir/root/usr/lib/x86_64-linux-gnu
export PATH=$dir/root/usr/bin:$PATH LD_LIBRARY_PATH=$lib OPAL_PREFIX=$dir/root/usr OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
cat >sum.c <<'C'
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
	int n = 1 << 20;
	MPI_Init(&argc, &argv);
	float *x = calloc(n, 4), *y = calloc(n, 4);
	MPI_Request r;
	MPI_Iallreduce(strcmp(argv[1], "in") ? x : MPI_IN_PLACE, y, n, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD, &r);
	MPI_Wait(&r, MPI_STATUS_IGNORE);
	MPI_Finalize();
}
C
gcc sum.c -I "$(dirname "$(find root -name mpi.h | head -1)")" "$(find root -name "libmpi.so.40.*" | head -1)" -o sum
most() { # of a kind of sum: KiB that the busiest rank sends, point to point
	orterun -n 8 --oversubscribe --mca pml_monitoring_enable 1 --mca pml_monitoring_enable_output 1 ./sum "$1" >seen 2>&1
	awk '$1 == "E" { n[$2] += $4 } END { for (r in n) if (n[r] > most) most = n[r]; print int(most / 1024) }' seen
}
in=$(most in) out=$(most out)
echo "in place: $in KiB"
echo "out of a copy: $out KiB"
[ "$out" -gt 4096 ] && [ $((2 * in)) -gt $((3 * out)) ] || { echo "this has changed"; exit 1; }
