"""A sphere on a chequered floor, 64 x 64 grey levels, by tracing one ray a pixel (and 16 to smooth the edges).

python make_image.py [FILE.pgm]
"""

import sys

import numpy as np

SIZE, FINE = 64, 4
LIGHT = np.array([-0.55, 0.75, -0.45]) / np.linalg.norm([-0.55, 0.75, -0.45])
CENTRE, RADIUS = np.array([0.1, 0.05, 3.1]), 1.0
FLOOR = -0.95


def hit_sphere(origin: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Distance along unit rays to the sphere; infinite for a miss."""
    offset = origin - CENTRE
    half = (offset * direction).sum(-1)
    root = half**2 - (offset**2).sum(-1) + RADIUS**2
    distance = np.where(root > 0, -half - np.sqrt(np.maximum(root, 0)), np.inf)
    return np.where(distance > 1e-6, distance, np.inf)


def render(pixels: int) -> np.ndarray:
    y, x = np.mgrid[1 : -1 : pixels * 1j, -1 : 1 : pixels * 1j] * 0.62
    direction = np.stack([x, y - 0.08, np.ones_like(x)], axis=-1)
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    origin = np.zeros(3)
    ball = hit_sphere(origin, direction)
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = np.where(direction[..., 1] < 0, FLOOR / direction[..., 1], np.inf)
        place = direction * np.where(np.isfinite(floor), floor, 0)[..., None]
        squares = (np.floor(place[..., 0] * 1.4 + 0.3) + np.floor(place[..., 2] * 1.4)) % 2
    shadow = np.isfinite(hit_sphere(place, np.broadcast_to(LIGHT, place.shape)))
    haze = np.exp(-0.12 * np.where(np.isfinite(floor), floor, 0))
    floor_grey = (0.25 + 0.5 * squares) * np.where(shadow, 0.35, 1) * haze + 0.75 * (1 - haze)
    grey = np.where(np.isfinite(floor), floor_grey, 0.62 + 0.25 * (y / 0.62))
    point = direction * np.where(np.isfinite(ball), ball, 0)[..., None]
    normal = (point - CENTRE) / RADIUS
    lit = np.maximum((normal * LIGHT).sum(-1), 0)
    half = LIGHT - direction
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    shine = np.maximum((normal * half).sum(-1), 0) ** 60
    return np.clip(np.where(ball < floor, 0.08 + 0.62 * lit + 0.5 * shine, grey), 0, 1)


def main() -> None:
    fine = render(SIZE * FINE)
    grey = fine.reshape(SIZE, FINE, SIZE, FINE).mean(axis=(1, 3))
    levels = np.round(255 * grey).astype(np.uint8)
    with open(sys.argv[1] if len(sys.argv) > 1 else "image.pgm", "wb") as file:
        file.write(f"P5\n{SIZE} {SIZE}\n255\n".encode() + levels.tobytes())


if __name__ == "__main__":
    main()
