"""Constants of LPBF alloys near their melting point, each with where it comes from.

Conductivity and heat capacity are effective values near the liquidus; handbook values at room
temperature are two to four times off in conductivity. Whatever was not read in a source is named
in ``Alloy.unverified``: show that to the user.
"""

from __future__ import annotations

from dataclasses import dataclass

from sorby.core.errors import SettingError


@dataclass(frozen=True)
class Alloy:
    """Thermal constants of one alloy.

    Attributes
    ----------
    name : str
        Its name in this table.
    density_kg_m3, heat_capacity_j_kg_k, conductivity_w_m_k : float
        ρ, c_p and k near the liquidus.
    solidus_c, liquidus_c : float
        Melting range, in °C.
    latent_heat_kj_kg : float
        Heat of fusion.
    boiling_k : float
        Temperature at which recoil pressure opens a keyhole, in K.
    absorptivity_low, absorptivity, absorptivity_high : float
        Share of the laser power absorbed: range and typical value. It is not a constant: it rises
        in keyhole mode. Calibrate it from a measured melt pool where there is one.
    source : str
        Where the constants were found.
    unverified : tuple of str
        Names of the constants that no source read for this project gives.
    """

    name: str
    density_kg_m3: float
    heat_capacity_j_kg_k: float
    conductivity_w_m_k: float
    solidus_c: float
    liquidus_c: float
    latent_heat_kj_kg: float
    boiling_k: float
    absorptivity_low: float
    absorptivity: float
    absorptivity_high: float
    source: str
    unverified: tuple[str, ...]

    @property
    def diffusivity_m2_s(self) -> float:
        """Thermal diffusivity α = k / (ρ c_p), in m²/s."""
        return self.conductivity_w_m_k / (self.density_kg_m3 * self.heat_capacity_j_kg_k)

    def superheat_k(self, preheat_c: float) -> float:
        """Liquidus minus the temperature of the plate, in K."""
        if not preheat_c < self.liquidus_c:
            raise SettingError(
                f"preheat_c is {preheat_c:g}. It must be under the liquidus of {self.name}, "
                f"{self.liquidus_c:g} °C."
            )
        return self.liquidus_c - preheat_c


_STEEL_LIKE = (0.3, 0.4, 0.6)
_ALUMINIUM = (0.1, 0.3, 0.5)
_RECALLED = ("boiling_k", "absorptivity")
_ALL = (
    "density_kg_m3",
    "heat_capacity_j_kg_k",
    "conductivity_w_m_k",
    "solidus_c",
    "liquidus_c",
    "latent_heat_kj_kg",
    *_RECALLED,
)

# ρ, c_p, k, solidus °C, liquidus °C, latent heat kJ/kg, boiling K
_TABLE = (
    Alloy(
        "IN625", 7918, 663, 32.3, 1290, 1350, 280, 3000, *_STEEL_LIKE,
        "PyPI pbf 0.3.0 (MIT): Kaschnitz 2019, Special Metals SMC-063", _RECALLED,
    ),
    Alloy(
        "IN718", 7724, 721, 27.7, 1260, 1340, 210, 3000, *_STEEL_LIKE,
        "PyPI pbf 0.3.0 (MIT), 1000 °C: Agazhanov 2019, Hosaeus 2001", _RECALLED,
    ),
    Alloy(
        "316L", 7266, 699, 32.9, 1350, 1420, 270, 3090, *_STEEL_LIKE,
        "PyPI pbf 0.3.0 (MIT): Mills 2004, Pichler; ORNL mist: Kim 1975 (boiling)",
        ("absorptivity",),
    ),
    Alloy(
        "Ti64", 4197, 853, 29.6, 1604, 1650, 410, 3315, *_STEEL_LIKE,
        "PyPI pbf 0.3.0 (MIT): Rottler 2025, Cezairliyan, Mills",
        ("solidus_c", "liquidus_c", *_RECALLED),
    ),
    Alloy(
        "AlSi10Mg", 2680, 910, 150, 570, 610, 380, 2740, *_ALUMINIUM,
        "MeltpoolNet (density, heat capacity at room temperature)",
        ("conductivity_w_m_k", "latent_heat_kj_kg", *_RECALLED),
    ),
    Alloy(
        "Al7075", 2810, 960, 130, 477, 635, 380, 2740, *_ALUMINIUM,
        "MeltpoolNet; substech gives a conductivity of 173 W/(m K)",
        ("solidus_c", "liquidus_c", "latent_heat_kj_kg", *_RECALLED),
    ),
    Alloy(
        "CoCrMo", 8400, 650, 30, 1290, 1360, 320, 3100, *_STEEL_LIKE,
        "makeitfrom Co-28Cr-6Mo; EOS MP1",
        ("heat_capacity_j_kg_k", "conductivity_w_m_k", *_RECALLED),
    ),
    Alloy(
        "HK30", 7750, 650, 28, 1380, 1410, 270, 3090, *_STEEL_LIKE,
        "no source found: stand-in values of a 25Cr-20Ni steel, edit before relying on them", _ALL,
    ),
)  # fmt: skip

ALLOYS: dict[str, Alloy] = {entry.name: entry for entry in _TABLE}
"""Alloys by name."""


def find_alloy(name: str) -> Alloy:
    """Constants of an alloy by its name; case, spaces and hyphens do not matter.

    Parameters
    ----------
    name : str
        For example "IN625", "in 625", "Inconel 625" or "Ti-6Al-4V".

    Returns
    -------
    Alloy
        Its constants.

    Raises
    ------
    SettingError
        If the table has no such alloy.

    Examples
    --------
    >>> find_alloy("Inconel 625").liquidus_c
    1350
    """
    key = name.lower().replace(" ", "").replace("-", "").replace("inconel", "in")
    key = {"ti6al4v": "ti64", "ss316l": "316l", "aa7075": "al7075"}.get(key, key)
    for alloy in ALLOYS.values():
        if alloy.name.lower() == key:
            return alloy
    raise SettingError(f"{name!r} is not one of the alloys. Choose from: {', '.join(ALLOYS)}.")
