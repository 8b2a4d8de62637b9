"""Whom a picture's file is named after: a person, or nobody where a camera, a messenger or a system chose the name."""

import re
import unicodedata
from typing import Final

_PICTURES: Final = """
img image images imagen imagenes imagem imagens immagine immagini bild bilder bilde bilete billede billeder foto fotos
photo photos fotografia fotografie fotografija fotka fotky picture pictures pic pics pict afbeelding afbeeldingen kuva
kuvat valokuva mynd obraz obrazek obrazky zdjecie zdjecia kep kepek fenykep slika slike imagine poza poze resim
goruntu fotograf nuotrauka attels pilt gambar larawan ritratto retrato portrat portraet portrait portraits passfoto
passbild passport selfie avatar profile profil profilbild profilepic headshot face faces gesicht εικονα φωτογραφια
изображение фото фотография картинка снимок зображення сканирование скан صورة תמונה عکس 画像 写真 图片 照片 图像 圖片
相片 影像
사진 이미지 ภาพ รูปภาพ चित्र फोटो
"""
"""What a picture is called, in many languages; folded, as `_folded` does."""
_SYSTEMS: Final = """
scan scans scanned scanner screenshot screenshots screencap screen bildschirmfoto bildschirmfotos bildschirmkopie
skarmbild skarmavbild skjermbilde skaermbillede schermafbeelding schermata instantanea captura capture zrzut snimek
kuvakaappaus kepernyofoto clipboard zwischenablage скриншот スクリーンショット 截屏 截图 屏幕截图 螢幕截圖
스크린샷 download downloads unnamed
untitled unbenannt unknown noname titel titre title titulo titolo resized cached video vid mov temp tmp file datei
dcim camera kamera webcam snapshot frame thumbnail thumb fullsizerender rpreplay attachment anhang
"""
"""Scans, screenshots, downloads and files without a name."""
_MESSENGERS: Final = """
whatsapp signal telegram threema viber skype snapchat instagram facebook fb fbimg messenger kakaotalk wechat weixin
mmexport wx received sent discord slack teams zoom tiktok twitter linkedin inshot snapseed vsco picsart photoroom
beautyplus b612 faceapp lightroom remini pinterest microsoft office lens camscanner 微信图片 qq图片
"""
"""Messengers, networks and apps."""
_CAMERAS: Final = """
dsc dscf dscn dcp dci cimg imgp imge mvimg mvc pxl gopr gopro dji kimg hpim sdc imag lrm burst mg jpeg jpg png heic
"""
"""Cameras and telephones."""
_BEFORE_FIGURES: Final = """
sam sta cam gh gx gp line max lv mov win eos anh hinh
"""
"""Words that cameras put before four or more figures, and that name somebody where there are fewer."""
_BETWEEN_WORDS: Final = """
a b am pm at um on uhr om of de del d il la le alle las los kl klo o the from von vom du den der das and und et copy
kopie copia copie kopia kopi kopija cover motion mp ts portrait night pano panorama hdr burst edit edited bearbeitet
pro gallery original orig small large big crop cropped scaled final new neu n y x z m w e ohne sans sin senza without
iphone ios android roll ecran pantalla ekranu schermo skarm obrazovky sent video still live editado modifie album snap
self main page seite
"""
"""Words that mean nothing between the others."""

_NOBODY: Final = frozenset(f"{_PICTURES} {_SYSTEMS} {_MESSENGERS} {_CAMERAS}".split())
"""Words that name a picture and never a person, however few figures stand beside them."""
_WITH_FIGURES: Final = frozenset(_BEFORE_FIGURES.split())
_BETWEEN: Final = frozenset(_BETWEEN_WORDS.split())

_NUMBERING: Final = re.compile(
    r"([\s_.\-]*\(\d+\)|[\s_.\-]+\d+|[\s_.\-~]+(copy|kopie|copia|copie|kopia))\s*$", re.IGNORECASE
)
_SUFFIX: Final = re.compile(r"\.(jpe?g|png|heic|heif|webp|gif|tiff?|bmp|avif|jfif)$", re.IGNORECASE)
_PARTS: Final = re.compile(r"\d+|[^\d\s_.,:;()\[\]~+&'’\-–]+")
_RANDOM: Final = re.compile(
    r"p[\da-c]\d{6}|"  # Panasonic and Olympus
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"  # a UUID
    r"|(?=.*\d)[0-9a-f]{16,}",  # a checksum
    re.IGNORECASE,
)
_FIGURES: Final = 4
_MOMENT: Final = 10
"""So many figures without a letter are a moment or a counter; staff and student numbers are shorter."""


def name_from_file(stem: str) -> str | None:
    """The person whom a file is named after; None for names that cameras, messengers and systems give.

    "Anna_Schmidt_2", "Anna Schmidt (2)", "Anna Schmidt-02" and "Anna Schmidt" all name Anna Schmidt; a number
    without a separator ("s1") belongs to the name.
    """
    stem = _SUFFIX.sub("", stem.strip())
    name = stem
    while (shorter := _NUMBERING.sub("", name)) not in ("", name):
        name = shorter
    spaced = " ".join(name.replace("_", " ").split())
    numbered = spaced != " ".join(stem.replace("_", " ").split()) or "_" in stem
    if not any(map(str.isalnum, spaced)) or names_nobody(stem):
        return None
    return None if numbered and not any(map(str.isalpha, spaced)) else spaced


def names_nobody(name: str) -> bool:
    """Whether a folder's or file's name, without suffix, says only that there are pictures."""
    if _RANDOM.fullmatch(name) and not name.isdigit():
        return True
    parts = _PARTS.findall(_folded(name))
    figures = [len(part) if part.isdigit() else 0 for part in parts]
    if sum(figures) == sum(map(len, parts)):
        return sum(figures) >= _MOMENT
    first = parts[0] if not figures[0] else next((part for part in parts if not part.isdigit()), "")
    follows = max(figures, default=0)
    if first in _WITH_FIGURES and follows >= _FIGURES:
        return True
    if first in _NOBODY and sum(figures) >= _FIGURES:
        return True
    words = {part for part, count in zip(parts, figures, strict=True) if not count}
    if words & _NOBODY and sum(figures) >= _MOMENT:
        return True
    return bool(words & _NOBODY or follows >= 2 * _FIGURES) and words <= _NOBODY | _BETWEEN


def _folded(text: str) -> str:
    """Without case and accents of Latin, Greek and Cyrillic letters, with ø, ł and ß as o, l and ss."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(str.maketrans("øłı", "oli"))
    return unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", decomposed))
