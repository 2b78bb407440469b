// Result and Error for the internal modules: the public types, under the module that everyone may use.
#pragma once

#include <nanospan/result.h>
