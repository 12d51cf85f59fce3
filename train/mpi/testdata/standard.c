// The binary interface of MPI 5's standard, as far as train/mpi calls it, over MPICH's library.
// Handles are pointers with the values of the standard; what is not one of these is refused.
#include <dlfcn.h>
#include <stdint.h>

static void *mpich(const char *name) {
	static void *library;
	if (!library)
		library = dlopen("libmpich.so.12", RTLD_NOW | RTLD_GLOBAL);
	return library ? dlsym(library, name) : 0;
}

#define CALL(name, ...) ((int (*)())mpich(name))(__VA_ARGS__)
#define BAD 16 // MPI_ERR_OTHER

static int comm(void *c) { return c == (void *)0x101 ? 0x44000000 : 0; }
static int op(void *o) { return o == (void *)0x21 ? 0x58000003 : 0; }
static int type(void *t) {
	switch ((intptr_t)t) {
	case 0x210: return 0x4c00040a;
	case 0x214: return 0x4c00080b;
	case 0x247: return 0x4c00010d;
	}
	return 0;
}

int MPI_Get_library_version(char *text, int *length) { return CALL("MPI_Get_library_version", text, length); }
int MPI_Error_string(int code, char *text, int *length) { return CALL("MPI_Error_string", code, text, length); }
int MPI_Comm_rank(void *c, int *rank) { return CALL("MPI_Comm_rank", comm(c), rank); }
int MPI_Comm_size(void *c, int *size) { return CALL("MPI_Comm_size", comm(c), size); }
int MPI_Abort(void *c, int code) { return CALL("MPI_Abort", comm(c), code); }
int MPI_Finalize(void) { return CALL("MPI_Finalize"); }

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided) {
	int level = 0, code = required == 1024 ? CALL("MPI_Init_thread", argc, argv, 1, &level) : BAD;
	*provided = 1024 << level >> 1;
	return code;
}

int MPI_Comm_set_errhandler(void *c, void *handler) {
	return handler == (void *)0x142 ? CALL("MPI_Comm_set_errhandler", comm(c), 0x54000001) : BAD;
}

int MPI_Iallreduce(const void *from, void *to, int n, void *t, void *o, void *c, void **request) {
	int r, code = CALL("MPI_Iallreduce", from == (void *)1 ? (void *)-1 : from, to, n, type(t), op(o), comm(c), &r);
	*request = (void *)(intptr_t)(unsigned)r;
	return code;
}

int MPI_Ibcast(void *b, int n, void *t, int root, void *c, void **request) {
	int r, code = CALL("MPI_Ibcast", b, n, type(t), root, comm(c), &r);
	*request = (void *)(intptr_t)(unsigned)r;
	return code;
}

int MPI_Test(void **request, int *done, void *status) {
	int r = (int)(intptr_t)*request, code = status == 0 ? CALL("MPI_Test", &r, done, (void *)1) : BAD;
	*request = (void *)(intptr_t)(unsigned)r;
	return code;
}
