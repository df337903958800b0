"""python -m towerlab_cli, where the script `towerlab` is not at hand."""

from towerlab_cli.app import towerlab

if __name__ == "__main__":
    towerlab(prog_name="towerlab")
