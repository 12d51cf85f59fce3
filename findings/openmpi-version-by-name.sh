#!/usr/bin/env bash
# Open MPI's launcher says of itself "Open MPI" only where it is called mpirun. Called mpirun.openmpi, as Debian does beside other
# MPIs, or mpiexec or orterun, the same program says "OpenRTE", and whoever looks for "Open MPI" in mpiexec --version takes it for
# another launcher.
#
# Why: orte/orted/orted_submit.c compares the base name of argv[0] with "mpirun" and otherwise takes "OpenRTE" for the name. A library's
# MPI_Get_library_version always says "Open MPI".
#
# Seen on 2026-11-29 on Debian 12, amd64, openmpi-bin 4.1.4-3+b1:
#
#   mpirun: mpirun (Open MPI) 4.1.4
#   mpiexec: mpiexec (OpenRTE) 4.1.4
#   mpirun.openmpi: mpirun.openmpi (OpenRTE) 4.1.4
#   orterun: orterun (OpenRTE) 4.1.4
#
# Exits with 0 while that is so, with 1 when it changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
apt-get download -qq openmpi-bin=4.1.4-3+b1 libopenmpi3=4.1.4-3+b1 libhwloc15 libevent-core-2.1-7 libevent-pthreads-2.1-7 libpmix2 libudev1 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu OPAL_PREFIX=$dir/root/usr OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
for name in mpirun mpiexec mpirun.openmpi orterun; do
	ln -sf "$dir/root/usr/bin/orterun" "$name"
	echo "$name: $(PATH=$dir:$PATH "$name" --version | head -1)"
done | tee seen
diff seen - <<'END' || { echo "the output differs from what was seen"; exit 1; }
mpirun: mpirun (Open MPI) 4.1.4
mpiexec: mpiexec (OpenRTE) 4.1.4
mpirun.openmpi: mpirun.openmpi (OpenRTE) 4.1.4
orterun: orterun (OpenRTE) 4.1.4
END
