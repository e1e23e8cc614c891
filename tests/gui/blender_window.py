# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A real Blender window that tests play with: found, opened on the screen or on a virtual one, asked and photographed.

Mouse and keyboard are Blender's own simulated events (--enable-event-simulate), so nothing on the screen is disturbed.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT.parent / "shared" / "tools" / "blender-gui"
SIZE = (1400, 900)


class Blender:
    """A program to start, and one folder as it is called here (``outside``) and by the program itself (``inside``)."""

    def __init__(self, command: list[str], outside: Path, inside: str) -> None:
        self.command, self.outside, self.inside = command, outside, inside

    @classmethod
    def find(cls, given: str | None) -> "Blender":
        """The Blender of a path, of MUSCLE_FACE_BLENDER, of the PATH, or of the blender-gui beside the checkout."""
        path = given or os.environ.get("MUSCLE_FACE_BLENDER") or shutil.which("blender")
        if path:
            if not shutil.which(path):
                sys.exit(f"There is no Blender at {path}; give the program with --blender PATH.")
            folder = tempfile.mkdtemp(prefix="muscle-face-gui-")
            return cls([path], Path(folder), folder)
        if TOOL.exists():
            exchange = subprocess.run([TOOL, "dir"], capture_output=True, text=True, check=True).stdout.strip()
            if Path(exchange).exists():
                folder = Path(tempfile.mkdtemp(prefix="gui-", dir=exchange))
                return cls([str(TOOL), "run"], folder, f"/exchange/{folder.name}")
        sys.exit("The window tests need Blender 4.2 or newer: put it on the PATH or give it with --blender PATH.")

    def run(self, *arguments: str, **options) -> subprocess.Popen:
        """Start it with preferences of its own: nobody's change."""
        # Blender 4.3 does not import from a folder of extensions that is made while it runs.
        (self.outside / "user" / "extensions" / "user_default").mkdir(parents=True, exist_ok=True)
        program = ["blender"] if self.command[-1] == "run" else []
        settings = ["env", f"BLENDER_USER_RESOURCES={self.inside}/user"] if program else []
        environment = {**os.environ, "BLENDER_USER_RESOURCES": f"{self.inside}/user"}
        if program:
            # The tool opens its programs on the display that this names.
            environment["BLENDER_GUI_DISPLAY"] = environment.get("DISPLAY", ":0")
        command = [*self.command, *settings, *program, *arguments]
        return subprocess.Popen(command, env={**environment, **options.pop("env", {})}, **options)

    def python(self) -> str:
        """Its Python, such as "3.13"."""
        ask = "import sys; print('python', '%d.%d' % sys.version_info[:2])"
        process = self.run("-b", "--factory-startup", "--python-expr", ask, stdout=subprocess.PIPE, text=True)
        text, _ = process.communicate()
        return next(line.split()[1] for line in text.splitlines() if line.startswith("python "))


@contextlib.contextmanager
def display():
    """A screen: the one that is there, else a virtual one for as long as the tests run."""
    if not sys.platform.startswith("linux") or os.environ.get("DISPLAY"):
        yield
        return
    if not shutil.which("Xvfb"):
        sys.exit("The window tests need a screen: set DISPLAY, or install Xvfb.")
    read, write = os.pipe()
    screen = f"{SIZE[0]}x{SIZE[1]}x24"
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", screen, "+extension", "GLX", "-noreset"],
        pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as pipe:
        os.environ["DISPLAY"] = f":{pipe.readline().strip()}"
    try:
        yield
    finally:
        del os.environ["DISPLAY"]
        server.terminate()
        server.wait()


class Window:
    """An open Blender window; `call` runs a function of probe.py in it."""

    def __init__(self, blender: Blender, pictures: Path, *arguments: str) -> None:
        self.blender, self.pictures, self._number = blender, pictures, 0
        self.requests = Path(tempfile.mkdtemp(prefix="requests-", dir=blender.outside))
        inside = f"{blender.inside}/{self.requests.name}"
        shutil.copy(Path(__file__).with_name("probe.py"), self.requests)
        self.log = self.requests / "blender.log"
        with self.log.open("w") as log:
            self.process = blender.run(
                "-p", "0", "0", *map(str, SIZE), "--enable-event-simulate", *arguments,
                "--python", f"{inside}/probe.py", "--", inside, stdout=log, stderr=subprocess.STDOUT,
                env={"LIBGL_ALWAYS_SOFTWARE": os.environ.get("LIBGL_ALWAYS_SOFTWARE", "1")},
            )  # fmt: skip

    def call(self, name: str, *args, patience: float = 120.0, **options):
        """Run one of the probe's functions; returns its value, raises with its traceback."""
        request, reply = (self.requests / f"{self._number}.{kind}" for kind in ("request", "answer"))
        part = request.with_suffix(".new")
        part.write_text(json.dumps({"call": name, "args": args, "options": options}), encoding="utf-8")
        part.rename(request)
        until = time.monotonic() + patience
        while not reply.exists():
            if self.process.poll() is not None:
                raise RuntimeError(f"Blender ended with {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > until:
                raise TimeoutError(f"{name}{args}: no answer within {patience:.0f} s\n{self.tail()}")
            time.sleep(0.01)
        self._number += 1
        answer = json.loads(reply.read_text(encoding="utf-8"))
        if answer["error"]:
            raise AssertionError(answer["error"])
        return answer["value"]

    def ask(self, expression: str):
        """The value of an expression in Blender: `obj` is the active object, `rig` its muscle_face."""
        return self.call("evaluate", expression)

    def do(self, code: str, patience: float = 120.0):
        """Run statements in Blender, for what no artist does with a button of ours; returns their `result`."""
        return self.call("execute", code, patience=patience)

    def until(self, expression: str, seconds: float = 60.0) -> float:
        """Wait until an expression holds; returns how long that took [s]."""
        return self.call("until", expression, seconds, patience=seconds + 30.0)

    def settle(self) -> None:
        """Wait until the live face rests."""
        self.call("rest")
        self.until("not bpy.app.timers.is_registered(module('live')._poll)", 600.0)

    def panel(self, label: str) -> None:
        """Open one panel of the tab and close the others."""
        self.call("open_panel", label)

    def find(self, what: str) -> tuple[int, int]:
        """Where the sidebar has the button of a property or operator whose path or call holds ``what``."""
        buttons = self.call("scan")
        for found, x, y in buttons:
            if what in found:
                return x, y
        raise AssertionError(f"No button {what} in the sidebar, only {[found for found, _, _ in buttons]}")

    def click(self, what: str) -> None:
        """Click a button of the sidebar."""
        self.call("click", *self.find(what))

    def drag(self, what: str, share: float, seconds: float = 0.6, sweeps: int = 1) -> None:
        """Drag a slider of the sidebar by a share of the sidebar's width."""
        x, y = self.find(what)
        by = share * self.ask("region('UI').width")
        self.call("drag", x, y, x + by, y, seconds, sweeps, patience=seconds + 120.0)

    def shot(self, name: str) -> Path:
        """A picture of the whole window."""
        path = self.pictures / f"{name}.png"
        if shutil.which("import") and os.environ.get("DISPLAY"):
            subprocess.run(["import", "-window", "root", path], check=True)
        else:
            target = f"{self.blender.inside}/shot.png"
            self.do(f"bpy.ops.screen.screenshot(filepath={target!r}, check_existing=False)")
            shutil.move(self.blender.outside / "shot.png", path)
        return path

    def tail(self) -> str:
        """The end of Blender's log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-80:])

    def close(self) -> int:
        """Quit; returns the exit code."""
        if self.process.poll() is None:
            with contextlib.suppress(RuntimeError, TimeoutError):
                self.do("bpy.ops.wm.quit_blender()", patience=30.0)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()
