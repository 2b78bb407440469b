"""The OpenTelemetry Collector of peers/collector, running. Import after peers.enter_python()."""

import pathlib
import subprocess
import tempfile
import threading

import peers

PROGRAM = peers.require_program("collector")


class Collector:
    """Runs with a configuration, and further words of its command line, until stop()."""

    def __init__(self, config, *words):
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name, "config.yaml")
        path.write_text(config, encoding="utf-8")
        self.process = subprocess.Popen(
            [PROGRAM, "--config", f"file:{path}", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line)
            if "Everything is ready" in line:
                break
        else:
            raise AssertionError("the Collector did not start:\n" + "".join(self.lines))
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout))
        self.reader.start()

    def stop(self):
        """Drains it; all that it said."""
        self.process.terminate()
        code = self.process.wait()
        self.reader.join()
        text = "".join(self.lines)
        if code != 0:
            raise AssertionError(f"the Collector ended with {code}:\n{text}")
        return text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.folder.cleanup()
