"""What each column of Sorby's tables is called, its unit and its definition."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sorby.report.style import type_label


@dataclass(frozen=True)
class Heading:
    """How a column is shown.

    Attributes
    ----------
    label : str
        Words for the column's head.
    unit : str
        Unit printed beside them; empty for text, counts and ratios.
    definition : str
        One sentence, shown as a tooltip and in the methods.
    factor : float
        Stored values are multiplied by it for display (100 for a fraction shown in %).
    digits : int
        Significant digits where no interval rules; 0 prints the stored number in full.
    decimals : int or None
        Decimal places, where the measure has a customary number of them.
    """

    label: str
    unit: str = ""
    definition: str = ""
    factor: float = 1.0
    digits: int = 3
    decimals: int | None = None


_AREA_FRACTION = (
    "Defect area divided by valid area. Over a condition: summed over its fields before dividing "
    "(area-weighted)."
)
_NUMBER_DENSITY = (
    "Defects counted by the unbiased frame (touching the right or bottom edge: not counted), "
    "divided by the valid area."
)

HEADINGS: dict[str, Heading] = {
    "image": Heading("Field", definition="Name of the micrograph."),
    "specimen": Heading("Specimen", definition="The piece that was cut and polished."),
    "laser_power_w": Heading("Laser power", "W", "Power P of the laser.", digits=0),
    "scan_speed_mm_s": Heading("Scan speed", "mm/s", "Speed v of the laser spot.", digits=0),
    "hatch_um": Heading("Hatch", "µm", "Distance h between neighbouring tracks.", digits=0),
    "layer_um": Heading("Layer", "µm", "Thickness t of a powder layer.", digits=0),
    "beam_um": Heading("Beam", "µm", "D4σ diameter of the laser beam.", digits=0),
    "preheat_c": Heading("Preheat", "°C", "Temperature of the build plate.", digits=0),
    "alloy": Heading("Alloy"),
    "um_per_px": Heading("Pixel", "µm", "Edge length of a pixel.", digits=0),
    "valid_area_px2": Heading("Valid area", "px²", "Pixels that are sample."),
    "valid_area_mm2": Heading(
        "Valid area", "mm²", "Area that is sample: scale bars, resin and artefacts are left out."
    ),
    "defect_area_px2": Heading("Defect area", "px²", "Pixels labelled as defect."),
    "area_fraction": Heading("Area fraction", "%", _AREA_FRACTION, factor=100),
    "area_fraction_bootstrap": Heading(
        "Area fraction, bootstrap",
        "%",
        "A second 95 % interval of the area fraction, by the studentised bootstrap over fields.",
        factor=100,
    ),
    "optical_density_percent": Heading(
        "Optical density", "%", "100 (1 − area fraction): relative density by image analysis."
    ),
    "n_images_for_20_percent": Heading(
        "Fields for ±20\N{NO-BREAK SPACE}%",
        definition="Fields that would bring the relative accuracy to 20 %, by the same scatter.",
        digits=0,
    ),
    "relative_accuracy_percent": Heading(
        "Relative accuracy",
        "%",
        "Half the 95 % interval of the area fraction, divided by the area fraction.",
        digits=2,
    ),
    "n_images": Heading("Fields", definition="Number of micrographs.", digits=0),
    "n_specimens": Heading("Specimens", definition="Number of specimens.", digits=0),
    "n_defects": Heading("Defects", definition="Defects above the size floor.", digits=0),
    "n_counted": Heading("Counted", definition="Defects counted by the unbiased frame.", digits=0),
    "n_typed": Heading("Typed", definition="Defects that were given a type.", digits=0),
    "mean_count": Heading("Mean count", "per field", "Mean number of defects in a field."),
    "count_per_mm2": Heading("Number density", "1/mm²", _NUMBER_DENSITY),
    "count_per_mpx": Heading("Number density", "1/Mpx", _NUMBER_DENSITY),
    "condition": Heading("Condition", definition="Process settings in words."),
    "few_fields": Heading("Few fields", definition="Too few fields for a sure interval."),
    "n_uncertain": Heading(
        "Uncertain", definition="Defects that the classifier would not name.", digits=0
    ),
    "size_floor_px2": Heading("Size floor", "px²", "Smaller defects are left out.", digits=0),
    "defect": Heading("No.", definition="Number of the defect in its field.", digits=0),
    "x_px": Heading("x", "px", "Column of the centroid.", digits=4),
    "y_px": Heading("y", "px", "Row of the centroid.", digits=4),
    "defect_type": Heading("Type", definition="Type of the defect; 'uncertain' where not sure."),
    "type_probability": Heading("Probability", definition="Probability of the type.", digits=2),
    "type_source": Heading("Typed by", definition="A model, or a person."),
    "touches_border": Heading("At border", definition="The defect touches the edge of the field."),
    "counted": Heading("Counted", definition="Counted by the unbiased frame."),
}

_MEASURES: dict[str, Heading] = {
    "area": Heading("Area", definition="Pixels of the defect, holes left out."),
    "filled_area": Heading("Filled area", definition="Pixels of the defect and its holes."),
    "equivalent_diameter": Heading(
        "Equivalent diameter", definition="Diameter of the disc of the same area, √(4A/π)."
    ),
    "perimeter": Heading("Perimeter", definition="Crofton's formula in four directions."),
    "feret_max": Heading("Feret max", definition="Largest caliper width of the outline."),
    "feret_min": Heading("Feret min", definition="Smallest caliper width of the outline."),
    "aspect_ratio": Heading("Aspect ratio", definition="Maximum over minimum Feret diameter."),
    "circularity": Heading(
        "Circularity", definition="4πA/P² with the Crofton perimeter P; a disc has 1. Not clipped."
    ),
    "roundness": Heading("Roundness", definition="4A/(π Fmax²)."),
    "solidity": Heading("Solidity", definition="Area over the area of the convex hull."),
    "orientation": Heading(
        "Orientation", definition="Angle of the long axis to the build direction, 0 to 90°."
    ),
}
_UNITS = {"_um2": "µm²", "_px2": "px²", "_um": "µm", "_px": "px", "_deg": "°"}


def heading(column: str) -> Heading:
    """Heading of a column of any of Sorby's tables.

    Parameters
    ----------
    column : str
        Name of the column.

    Returns
    -------
    Heading
        For an unknown column: its own name in words.

    Examples
    --------
    >>> heading("equivalent_diameter_um").label, heading("equivalent_diameter_um").unit
    ('Equivalent diameter', 'µm')
    >>> heading("fraction_lack_of_fusion").label
    'Share of lack of fusion'
    """
    if column in HEADINGS:
        return HEADINGS[column]
    if column.startswith("fraction_"):
        name = type_label(column.removeprefix("fraction_"))
        return Heading(
            f"Share of {name}",
            definition=f"Defects of type {name} divided by the typed defects, by number.",
            decimals=2,
        )
    if column.startswith("n_"):
        name = type_label(column.removeprefix("n_"))
        return Heading(f"{name.capitalize()}", "", f"Number of defects of type {name}.", digits=0)
    stem, unit = column, ""
    for suffix, symbol in _UNITS.items():
        if column.endswith(suffix):
            stem, unit = column.removesuffix(suffix), symbol
            break
    known = _MEASURES.get(stem, Heading(stem.replace("_", " ").capitalize()))
    return replace(known, unit=unit)
