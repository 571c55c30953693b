"""Executes a notebook on Deno's kernel and writes its outputs into it: execute_notebook.py DENO NOTEBOOK."""

import json
import os
import pathlib
import queue
import sys
import tempfile

deno, path = sys.argv[1], pathlib.Path(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    # A temporary kernel: nothing is installed into the user's home, and this Deno is used.
    kernel = pathlib.Path(folder, "kernels", "deno")
    kernel.mkdir(parents=True)
    command = [deno, "jupyter", "--kernel", "--conn", "{connection_file}"]
    spec = {"argv": command, "display_name": "Deno", "language": "typescript"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    os.environ["JUPYTER_PATH"] = folder
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="deno",
        timeout=600,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
    )

    async def take_late_outputs(cell, cell_index, execute_reply):
        """Reads outputs that Deno's kernel sends after it has reported that it is idle."""
        while True:
            try:
                message = await client.kc.get_iopub_msg(timeout=0.5)
            except queue.Empty:
                return
            client.process_message(message, cell, cell_index)

    client.on_cell_executed = take_late_outputs
    client.execute()
text = nbformat.writes(notebook, indent=1)
temporary = path.with_suffix(".tmp")
temporary.write_text(text + "\n")
temporary.replace(path)
