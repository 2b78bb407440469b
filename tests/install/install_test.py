#!/usr/bin/env python3
"""The installed package, seen from outside: a CMake project and a pkg-config build, against the static or the shared
library.

Usage: install_test.py SOURCE_DIR BUILD_DIR WORK_DIR COMPILER static|shared The static library comes from the build
under test; the shared one is built here, with the options that a user would give.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ENTRY = "include/nanospan/nanospan.h"
SHARED_BY_ALL = ("nanospan_api_r1", "nanospan_layouts", "nanospan_thread_r1")
EXPORTED = (*SHARED_BY_ALL, "otel_thread_ctx_v1")  # the last by the SDK alone
# Of each optional library: a program that links it, the symbol that it brings and the library of others that it adds.
PARTS = (
    ("consumer_gzip", "nanospan_gzip_r2", "libz.so"),
    ("consumer_zstd", "nanospan_zstd_r1", "libzstd.so"),
    ("consumer_snappy", "nanospan_snappy_framed_r1", "libsnappy.so"),
    ("consumer_grpc", "nanospan_otlp_grpc_r1", "libnghttp2.so"),
    ("consumer_tls", "nanospan_tls_r1", "libssl.so"),
    ("consumer_profile", "nanospan_profile_r4", "libz.so"),
    ("consumer_profile_parts", "nanospan_profile_r4", "libdw.so"),
)
# All that nanospan::sdk may need at run time, beside libnanospan.so itself.
ALLOWED_LIBRARIES = {
    "libstdc++.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "libc.so.6",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
}
SKIPPED = 77


def run(*command, **options):
    print("+", *command, flush=True)
    return subprocess.run([str(word) for word in command], check=True, text=True, **options)


def output(*command, **options):
    """What the command printed; shown if it fails."""
    try:
        return run(*command, stdout=subprocess.PIPE, **options).stdout
    except subprocess.CalledProcessError as error:
        print(error.stdout, flush=True)
        raise


def build_shared(source, build, compiler):
    run(
        "cmake",
        "-G",
        "Ninja",
        "-S",
        source,
        "-B",
        build,
        f"-DCMAKE_CXX_COMPILER={compiler}",
        "-DCMAKE_CXX_FLAGS=-O0",
        "-DNANOSPAN_UNITY=ON",
        "-DNANOSPAN_SHARED=ON",
        "-DNANOSPAN_TESTS=OFF",
        "-DNANOSPAN_GATEWAY=OFF",
        "-DNANOSPAN_EXAMPLES=OFF",
        "--log-level=WARNING",
    )
    run("cmake", "--build", build)


def install(build, work):
    """Installs, then moves the tree: nothing in it may know where it was installed."""
    shutil.rmtree(work / "installed", ignore_errors=True)
    shutil.rmtree(work / "moved", ignore_errors=True)
    run("cmake", "--install", build, "--component", "sdk", "--prefix", work / "installed", stdout=subprocess.DEVNULL)
    (work / "installed").rename(work / "moved")
    return work / "moved"


def check_program(program, plugin, environment, kind):
    said = output(program, plugin, env=environment)
    assert "records 1, same trace 1" in said, said
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "-d", program)))
    ours = {name for name in needed if name.startswith("libnanospan.so")}
    assert bool(ours) == (kind == "shared"), needed
    assert needed - ours <= ALLOWED_LIBRARIES, f"needs {needed - ours - ALLOWED_LIBRARIES}"
    symbols = output("nm", "--dynamic", "--defined-only", program)
    for name in SHARED_BY_ALL if kind == "shared" else EXPORTED:
        assert name in symbols, f"{program} does not export {name}"


def check_exports(library):
    """Of what the shared library defines only the public names leave it: nanospan::v0 and the symbols."""
    names = [line.split(None, 2)[2] for line in output("nm", "-DC", "--defined-only", library).splitlines()]
    inner = [name for name in names if "nanospan::v0::" not in name and name not in EXPORTED]
    assert not inner, f"{library} exports {inner}"
    for name in ("nanospan::v0::start(", *EXPORTED):
        assert any(found.startswith(name) for found in names), f"{library} does not export {name}"


def check_parts(work, kind):
    """A hook and its library come with the target that has it, and only with it; the shared SDK sees the hook in the
    program."""
    for linked, hook, library in PARTS:
        for program, wanted in (("consumer", False), (linked, True)):
            path = work / "cmake" / program
            symbols = output("nm", *(["--dynamic"] if kind == "shared" else []), "--defined-only", path)
            assert (hook in symbols) == wanted, f"{program} defines {hook}: {not wanted}"
            assert (library in output("readelf", "-d", path)) == wanted, f"{program} needs {library}: {not wanted}"


def with_cmake(work, prefix, compiler, environment, kind):
    project = pathlib.Path(__file__).parent / "consumer"
    shutil.rmtree(work / "cmake", ignore_errors=True)
    run(
        "cmake",
        "-G",
        "Ninja",
        "-S",
        project,
        "-B",
        work / "cmake",
        f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={compiler}",
        "--log-level=WARNING",
    )
    run("cmake", "--build", work / "cmake")
    check_program(work / "cmake/consumer", work / "cmake/plugin.so", environment, kind)
    for program, _, _ in PARTS:
        output(work / "cmake" / program, work / "cmake/plugin.so", env=environment)
    check_parts(work, kind)


def check_old_standard(prefix, compiler):
    """Who compiles as an older C++ reads first what is missing."""
    source = pathlib.Path(__file__).parent / "consumer/main.cc"
    command = (compiler, "-std=c++17", "-fsyntax-only", f"-I{prefix}/include", source)
    said = subprocess.run(command, capture_output=True, text=True).stderr
    errors = [line for line in said.splitlines() if "error" in line]
    assert errors and "Nanospan needs C++20" in errors[0], errors[:3]


def with_pkg_config(work, prefix, compiler, environment, kind):
    found = dict(environment, PKG_CONFIG_PATH=str(next(prefix.rglob("pkgconfig"))))
    flags = output("pkg-config", "--cflags", "--libs", "nanospan", env=found).split()
    for part in ("gzip", "zstd", "snappy", "otlp-grpc", "tls", "profile-heap"):
        output("pkg-config", "--cflags", "--libs", f"nanospan-{part}", env=found)
    source = pathlib.Path(__file__).parent / "consumer/main.cc"
    run(compiler, source, *flags, "-o", work / "with_pkg_config", env=environment)
    check_program(work / "with_pkg_config", work / "cmake/plugin.so", environment, kind)
    parts = ("nanospan-profile-lines", "nanospan-profile-locks")
    flags = output("pkg-config", "--cflags", "--libs", *parts, env=found).split()
    run(compiler, source, *flags, "-o", work / "profile_with_pkg_config", env=environment)
    symbols = output("nm", "--defined-only", work / "profile_with_pkg_config")
    for hook in ("nanospan_profile_r4", "nanospan_profile_lines_r1", "nanospan_lock_interposer_r1"):
        assert hook in symbols, f"{parts} leave {hook} out"


def main(source, build, work, compiler, kind):
    source, work = pathlib.Path(source), pathlib.Path(work).resolve()
    if not (source / ENTRY).is_file():
        print(f"skipped: {ENTRY} does not exist yet")
        return SKIPPED
    work.mkdir(parents=True, exist_ok=True)
    if kind == "shared":
        build = work / "build"
        build_shared(source, build, compiler)
    prefix = install(build, work)
    libraries = next(path.parent for path in prefix.rglob("libnanospan.*"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    environment |= {"LD_LIBRARY_PATH": str(libraries), "OTEL_TRACES_EXPORTER": "console"}
    if kind == "shared":
        check_exports(libraries / "libnanospan.so")
    with_cmake(work, prefix, compiler, environment, kind)
    with_pkg_config(work, prefix, compiler, environment, kind)
    check_old_standard(prefix, compiler)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:6]))
