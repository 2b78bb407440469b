"""The programs of others that we are tested against: where they are, how they come there, what to say if they cannot.

A test starts with enter_python(), which goes on in a virtual environment of the build folder that has the pinned
packages of python_packages.txt, or require_program(NAME), which builds what lies in peers/NAME: Go, or C++ on grpc++.
A peer that cannot be had makes a skipped test (exit code 77) with one line that says why, never a failed one: a machine
without network can still test the rest. Standard library only, since it runs before the packages are there.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# Given by ctest; by default where it says so as well.
FOLDER = pathlib.Path(os.environ.get("NANOSPAN_PEERS", HERE.parent.parent / "build" / "peers"))
PACKAGES = HERE / "python_packages.txt"
SKIPPED = 77
INSTALL_SECONDS_MAX = 240
# Peers that are a command of somebody else's module as it is; of the others we have the main.go.
COMMANDS = {
    "benchstat": "golang.org/x/perf/cmd/benchstat",
    "h2spec": "github.com/summerwind/h2spec/cmd/h2spec",
    "k6": "go.k6.io/k6",
}
sys.path.insert(0, str(HERE.parent / "e2e"))  # gateway_harness


def skip(why):
    print(f"skipped: {why}", flush=True)
    sys.exit(SKIPPED)


@contextlib.contextmanager
def locked(name):
    """Tests run side by side; one of them prepares, the others wait for it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / f"{name}.lock", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def last_line(error):
    text = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip() or str(error)
    return text.splitlines()[-1]


def install_python(folder):
    """Makes the virtual environment anew. The stamp is written last, so that half of one is never used."""
    shutil.rmtree(folder, ignore_errors=True)
    wanted = PACKAGES.read_text(encoding="utf-8")
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    pip += ["--retries", "1", "--only-binary=:all:", "-r", PACKAGES]
    for command in ([sys.executable, "-m", "venv", folder], pip):
        try:
            subprocess.run(
                command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=INSTALL_SECONDS_MAX
            )
        except (OSError, subprocess.SubprocessError) as error:
            skip(f"the Python OpenTelemetry packages could not be installed: {last_line(error)}")
    (folder / "installed").write_text(wanted, encoding="utf-8")


def enter_python():
    """Goes on as the same script in the environment that has the packages; returns when it runs there."""
    folder = FOLDER / "python"
    python = folder / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == folder.resolve():
        return
    with locked("python"):
        stamp = folder / "installed"
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != PACKAGES.read_text(encoding="utf-8"):
            install_python(folder)
    os.execv(python, [python, "-B", *sys.argv])


def require_program(name, folder=HERE / "peers"):
    """The path of the program FOLDER/NAME, built if it is not up to date."""
    with locked(name):
        source = folder / name
        if (source / "main.cc").is_file():
            build_cpp(name, source)
        elif (source / "Cargo.toml").is_file():
            build_rust(name, source)
        else:
            build_go(name, source)
    return FOLDER / name


def build_go(name, source):
    go = shutil.which("go")
    if go is None:
        skip(f"{name} is built from Go modules, and there is no go program in the PATH")
    # Exactly the modules of go.mod and go.sum, with the Go that is here.
    environment = dict(os.environ, GOFLAGS="-mod=readonly", GOTOOLCHAIN="local", CGO_ENABLED="0")

    def run(*arguments):
        subprocess.run(
            [go, *arguments],
            cwd=source,
            env=environment,
            check=True,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    try:
        run("mod", "download")
    except subprocess.SubprocessError as error:
        skip(f"the modules of {name} could not be had: {last_line(error)}")
    run("build", "-trimpath", "-o", FOLDER / name, COMMANDS.get(name, "."))


def build_cpp(name, source):
    source, program = source / "main.cc", FOLDER / name
    if program.is_file() and program.stat().st_mtime > source.stat().st_mtime:
        return
    found = subprocess.run(["pkg-config", "--cflags", "--libs", "grpc++"], capture_output=True, text=True)
    if found.returncode != 0:
        skip(f"{name} needs grpc++ (package libgrpc++-dev), which is not here")
    compiler = os.environ.get("CXX", "c++")
    subprocess.run([compiler, "-std=c++20", "-O1", source, "-o", program, *found.stdout.split()], check=True)


def build_rust(name, source):
    cargo = shutil.which("cargo")
    if cargo is None:
        skip(f"{name} is built from Rust crates, and there is no cargo program in the PATH")
    environment = dict(os.environ, CARGO_TARGET_DIR=str(FOLDER / "cargo"))
    # Exactly the crates of Cargo.lock.
    for command in (["fetch", "--locked"], ["build", "--release", "--locked", "--offline"]):
        try:
            subprocess.run([cargo, *command], cwd=source, env=environment, check=True, capture_output=True)
        except subprocess.SubprocessError as error:
            if command[0] == "fetch":
                skip(f"the crates of {name} could not be had: {last_line(error)}")
            sys.stderr.write(error.stderr.decode(errors="replace"))
            raise
    shutil.copy2(FOLDER / "cargo" / "release" / name, FOLDER / name)


if __name__ == "__main__":
    # tools/peers: brings everything here, so that the tests find it ready.
    enter_python()
    print(f"python: {sys.prefix}")
    for peer in sorted(path.name for path in (HERE / "peers").iterdir()):
        try:
            print(f"{peer}: {require_program(peer)}")
        except SystemExit:  # it has said why; the others may be had
            pass
    for peer in ("go_bench", "rust_bench"):
        with contextlib.suppress(SystemExit):
            print(f"{peer}: {require_program(peer, HERE.parent.parent / 'bench' / 'peers')}")
