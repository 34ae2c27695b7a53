"""What a microscope and a camera add: uneven light, blur, noise, compression, a scale bar."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage


def smooth_noise(
    shape: tuple[int, int], sigma_px: float | tuple[float, float], *, rng: np.random.Generator
) -> np.ndarray:
    """Gaussian random field of mean 0 and standard deviation 1.

    Parameters
    ----------
    shape : tuple of int
        (M, N), in px.
    sigma_px : float or tuple of float
        Correlation length along rows and columns; long ones are made on a coarser grid.
    rng : numpy.random.Generator
        Source of the values.

    Returns
    -------
    ndarray of shape (M, N)
        float32.
    """
    sigmas = np.broadcast_to(np.asarray(sigma_px, dtype=float), 2)
    coarse = np.maximum(1, np.floor(sigmas / 3)).astype(int)
    small = tuple(int(-(-n // c)) + 3 for n, c in zip(shape, coarse, strict=True))
    field = ndimage.gaussian_filter(
        rng.standard_normal(small, np.float32), sigmas / coarse, truncate=2.5
    )
    field = (field - field.mean()) / field.std()
    if (coarse > 1).any():
        field = ndimage.zoom(field, coarse, order=1)
    return field[: shape[0], : shape[1]]


def uneven_light(
    shape: tuple[int, int], strength: float, *, rng: np.random.Generator
) -> np.ndarray:
    """Factor by which illumination varies over the field: a slope and a fall-off.

    Parameters
    ----------
    shape : tuple of int
        (M, N), in px.
    strength : float
        Largest departure from 1, about.
    rng : numpy.random.Generator
        Source of direction and centre.

    Returns
    -------
    ndarray of shape (M, N)
        float32 around 1.
    """
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :]
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
    y0, x0 = rng.uniform(-0.4, 0.4, 2).astype(np.float32)
    fall_off = (x - x0) ** 2 + (y - y0) ** 2
    return 1 + np.float32(strength) * (0.5 * slope - 0.4 * (fall_off - fall_off.mean()))


def scratches(shape: tuple[int, int], n_scratches: int, *, rng: np.random.Generator) -> np.ndarray:
    """Depth, 0 to 1, of straight polishing scratches of one px width, mostly in one direction.

    Parameters
    ----------
    shape : tuple of int
        (M, N), in px.
    n_scratches : int
        How many.
    rng : numpy.random.Generator
        Source of places and depths.

    Returns
    -------
    ndarray of shape (M, N)
        float32.
    """
    canvas = Image.new("L", (shape[1], shape[0]), 0)
    draw = ImageDraw.Draw(canvas)
    common = rng.uniform(0, np.pi)
    for _ in range(n_scratches):
        angle = common + rng.normal(0, 0.15 if rng.random() < 0.8 else 0.9)
        x, y = rng.uniform(0, shape[1]), rng.uniform(0, shape[0])
        length = rng.uniform(0.1, 0.8) * shape[1]
        end = (x + length * np.cos(angle), y - length * np.sin(angle))
        draw.line([(x, y), end], fill=int(rng.uniform(60, 255)), width=1)
    return np.asarray(canvas, dtype=np.float32) / 255


def recorded(
    image: np.ndarray,
    *,
    rng: np.random.Generator,
    blur_px: float,
    noise: float,
    jpeg_quality: int = 92,
) -> np.ndarray:
    """What the camera stores: blurred, noisy, clipped, compressed.

    Parameters
    ----------
    image : ndarray of shape (M, N)
        Gray values, 0 to 255 and beyond.
    rng : numpy.random.Generator
        Source of the noise.
    blur_px : float
        Standard deviation of the point-spread function.
    noise : float
        Standard deviation of the noise, in gray values.
    jpeg_quality : int
        Quality of the compression, 1 to 95.

    Returns
    -------
    ndarray of shape (M, N)
        uint8.
    """
    image = ndimage.gaussian_filter(image.astype(np.float32), blur_px)
    image += np.float32(noise) * rng.standard_normal(image.shape, np.float32)
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=jpeg_quality)
    return np.array(Image.open(stream))


def burn_scale_bar(
    pixels: np.ndarray, um_per_px: float
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """Copy with a scale bar and its text burned into the lower right corner.

    Parameters
    ----------
    pixels : ndarray of shape (M, N)
        uint8.
    um_per_px : float
        Edge length of a pixel, in µm.

    Returns
    -------
    pixels : ndarray of shape (M, N)
        uint8.
    box : tuple of int
        ``(row_min, column_min, row_max, column_max)``, half-open: bar, text and a margin.
    """
    height, width = pixels.shape
    lengths = [n * 10**e for e in range(-1, 5) for n in (1, 2, 5)]
    fitting = [n for n in lengths if n / um_per_px <= 0.16 * width] or lengths[:1]
    bar_px = max(1, round(fitting[-1] / um_per_px))
    size = max(10, round(height / 28))
    canvas = Image.fromarray(pixels)
    draw = ImageDraw.Draw(canvas)
    right, bottom = width - size // 2, height - size // 2
    left, tick, line = right - bar_px, size // 3, max(2, size // 8)
    draw.rectangle([left, bottom - tick - line // 2, right, bottom - tick + line // 2], fill=0)
    for end in (left, right):
        draw.rectangle([end - line // 2, bottom - 2 * tick, end + line // 2, bottom], fill=0)
    font = ImageFont.load_default(size)
    place = ((left + right) / 2, bottom - 2 * tick - 2)
    text = f"{fitting[-1]:g}um"
    draw.text(place, text, fill=0, font=font, anchor="mb")
    x0, y0, x1, _ = draw.textbbox(place, text, font=font, anchor="mb")
    box = (int(y0) - 3, int(min(x0, left - line)) - 3, height, int(max(x1, right + line)) + 3)
    return np.array(canvas), (max(0, box[0]), max(0, box[1]), box[2], min(width, box[3]))
