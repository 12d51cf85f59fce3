"""Writes pillow.json: what Pillow makes of one picture with the operations of
AutoAugment at half strength, for TestOperationsAgainstPillow.
python3 pillow.py > pillow.json (written with Pillow 9.4)."""
import base64, json, math
from PIL import Image, ImageEnhance, ImageOps

n = 12
pix = bytes((x * 37 + y * 61 + c * 83 + x * y * 7) % (170 + 20 * c) + 20 for y in range(n) for x in range(n) for c in range(3))
im = Image.frombytes("RGB", (n, n), pix)


def warp(*m):
    return im.transform((n, n), Image.AFFINE, m, Image.NEAREST, fillcolor=(128, 128, 128))


def turn(sign):
    a = sign * math.radians(15)
    c, s, h = math.cos(a), math.sin(a), n / 2
    return warp(c, s, h - c * h - s * h, -s, c, h + s * h - c * h)


out = {}
for sign, f in ((1, 1.45), (-1, 0.55)):
    out[f"brightness{sign}"] = ImageEnhance.Brightness(im).enhance(f)
    out[f"color{sign}"] = ImageEnhance.Color(im).enhance(f)
    out[f"contrast{sign}"] = ImageEnhance.Contrast(im).enhance(f)
    out[f"sharpness{sign}"] = ImageEnhance.Sharpness(im).enhance(f)
    out[f"shearX{sign}"] = warp(1, sign * 0.15, 0, 0, 1, 0)
    out[f"shearY{sign}"] = warp(1, 0, 0, sign * 0.15, 1, 0)
    out[f"translateX{sign}"] = warp(1, 0, sign * int(75 / 331 * n), 0, 1, 0)
    out[f"translateY{sign}"] = warp(1, 0, 0, 0, 1, sign * int(75 / 331 * n))
    out[f"rotate{sign}"] = turn(sign)
out["posterize"] = ImageOps.posterize(im, 6)
out["solarize"] = ImageOps.solarize(im, 127.5)
out["autocontrast"] = ImageOps.autocontrast(im)
out["equalize"] = ImageOps.equalize(im)
out["invert"] = ImageOps.invert(im)
print(json.dumps({k: base64.b64encode(v.tobytes()).decode() for k, v in out.items()}, indent=0))
