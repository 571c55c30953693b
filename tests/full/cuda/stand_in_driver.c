/* A stand-in for NVIDIA's libcuda.so.1: it counts STUB_DEVICES devices (default 0), serves CUDA STUB_VERSION (default 13000), and can do
 * nothing else. Built by ../cuda_driver.ts. Names and numbers are cuda.h's. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define NO_DEVICE 100
#define NOT_SUPPORTED 801

static int setting(const char *name, int otherwise) {
  const char *text = getenv(name);
  return text ? atoi(text) : otherwise;
}

int cuInit(unsigned flags) { (void)flags; return setting("STUB_DEVICES", 0) ? 0 : NO_DEVICE; }
int cuDriverGetVersion(int *version) { *version = setting("STUB_VERSION", 13000); return 0; }
int cuDeviceGetCount(int *count) { *count = setting("STUB_DEVICES", 0); return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetName(char *name, int length, int device) {
  (void)device;
  strncpy(name, "Stand-in GPU", length);
  return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) { (void)device; *bytes = (size_t)80 << 30; return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  (void)device;
  *value = attribute == 75 ? 9 : 0;
  return 0;
}
int cuGetErrorString(int error, const char **text) {
  *text = error == NO_DEVICE ? "no CUDA-capable device is detected" : "unknown error";
  return 0;
}
int cuTensorMapEncodeTiled(void) { return NOT_SUPPORTED; }
static int anything_else(void) { return NOT_SUPPORTED; }

/* CUDA's runtime asks here for every function, and takes the driver for broken when one is missing. */
int cuGetProcAddress_v2(const char *symbol, void **function, int version, unsigned long long flags, int *status) {
  (void)version; (void)flags;
  *function = (void *)anything_else;
  if (!strcmp(symbol, "cuInit")) *function = (void *)cuInit;
  if (!strcmp(symbol, "cuDriverGetVersion")) *function = (void *)cuDriverGetVersion;
  if (!strcmp(symbol, "cuDeviceGetCount")) *function = (void *)cuDeviceGetCount;
  if (!strcmp(symbol, "cuGetProcAddress")) *function = (void *)cuGetProcAddress_v2;
  if (status) *status = 0;
  return 0;
}
