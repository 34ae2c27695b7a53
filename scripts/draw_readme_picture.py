"""Draw the picture of the README from a finished demo.

python scripts/draw_readme_picture.py sorby-demo docs/images/demo.png
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image

from sorby.project import Project
from sorby.report import overlay_figure
from sorby.report.figures import figure_bytes
from sorby.workflow.measuring import current_tables

FIELD = "synthetic_P160_v1000_field1"
WIDTH_PX = 1500


def main(folder: Path, target: Path) -> None:
    with Project.open(folder) as project:
        field = next(field for field in project.fields() if field.name == FIELD)
        pixels = project.read_picture(field).pixels
        defects = current_tables(project).defects
        own = defects[defects["image"] == FIELD]
        mask = project.read_mask(project.masks()[FIELD])
        figure = overlay_figure(pixels, mask, own, field.um_per_px, synthetic=True)
    left_width = WIDTH_PX * 3 // 10
    pictures = [Image.fromarray(pixels), Image.open(BytesIO(figure_bytes(figure, "png")))]
    left = [_to_width(picture.convert("RGB"), left_width) for picture in pictures]
    right_width = WIDTH_PX - left_width - 20
    process_map = Image.open(folder / "results" / "process_map.png").convert("RGB")
    right = _to_width(process_map, right_width)
    height = max(sum(p.height for p in left) + 20, right.height)
    sheet = Image.new("RGB", (WIDTH_PX, height), "white")
    sheet.paste(left[0], (0, 0))
    sheet.paste(left[1], (0, left[0].height + 20))
    sheet.paste(right, (left_width + 20, (height - right.height) // 2))
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(target, optimize=True)


def _to_width(picture: Image.Image, width: int) -> Image.Image:
    return picture.resize((width, round(picture.height * width / picture.width)), Image.LANCZOS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
