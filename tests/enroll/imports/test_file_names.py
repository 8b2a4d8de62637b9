"""Which files are named after a person, and which after nobody."""

import pytest

from enroll.imports.file_names import name_from_file, names_nobody


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("Anna Schmidt", "Anna Schmidt"),
        ("Anna_Schmidt_02", "Anna Schmidt"),
        ("Anna Schmidt (2)", "Anna Schmidt"),
        ("Anna-Lena Schmidt-3", "Anna-Lena Schmidt"),
        ("Abdel_Nasser_Assidi_0001", "Abdel Nasser Assidi"),
        ("A000014_0001", "A000014"),
        ("s1", "s1"),
        ("s1234567", "s1234567"),
        ("山田 太郎 2", "山田 太郎"),
        ("Anna - Kopie", "Anna"),
        ("4711", "4711"),
        ("20231234", "20231234"),
        ("Sam_02", "Sam"),
        ("Max", "Max"),
        ("Anh Le", "Anh Le"),
        ("Um", "Um"),
        ("Anna Bild", "Anna Bild"),
        ("Foto Müller", "Foto Müller"),
        ("Kurt Lang.jpg", "Kurt Lang"),
        ("Anna Schmidt 20240102", "Anna Schmidt"),
    ],
)
def test_a_file_names_its_person_without_the_numbering(stem: str, name: str) -> None:
    assert name_from_file(stem) == name


@pytest.mark.parametrize(
    "stem",
    [
        *("IMG_2041", "IMG_E1234", "IMG20240102101112", "IMG_20240102_101112_BURST001", "IMG_20240102_101112~2"),
        *("DSC-0001", "DSC00123", "DSCF0123", "_DSC1234", "_MG_1234", "P1010123", "CIMG0123", "DJI_0123", "GOPR0123"),
        *("MVIMG_20240102_101112", "PXL_20240102_101112345.PORTRAIT", "PXL_20240102_101112345.MP", "SAM_0123"),
        *("WIN_20240102_10_11_12_Pro", "20240131_120000", "20240102101112", "2024-01-02 10.11.12", "1704190272123"),
        *("WhatsApp Image 2024-01-02 at 10.11.12 (1)", "WhatsApp-Bild 2024-01-02 um 10.11.12", "IMG-20240102-WA0003"),
        *("Imagen de WhatsApp 2024-01-02 a las 10.11.12", "signal-2024-01-02-101112", "photo_2024-01-02_10-11-12"),
        *("photo_5341234567890123456_y", "received_1234567890123456", "FB_IMG_1704190272123", "Snapchat-1234567890"),
        *(
            "123456789_1234567890_1234567890_n",
            "mmexport1704190272123",
            "微信图片_20240102101112",
            "viber_image_2024-01-02",
        ),
        *("KakaoTalk_Photo_2024-01-02-10-11-12", "threema-20240102-101112345", "Messenger_creation_1234"),
        *(
            "Bildschirmfoto 2024-01-02 um 10.11.12",
            "Screenshot_20240102-101112_Gallery",
            "Capture d’écran 2024-01-02 à 10",
        ),
        *(
            "Captura de pantalla 2024",
            "スクリーンショット 2024-01-02",
            "Снимок экрана 2024-01-02 101112",
            "Zrzut ekranu 1",
        ),
        *("image0", "image001", "Bild 1", "Zdjęcie 3", "kép2", "Φωτογραφία 1", "ภาพ 1", "चित्र 2", "사진 3", "صورة 4"),
        *("Photo on 1-2-24 at 10.11 AM", "Foto am 02.01.24 um 10.11", "IMG_1234 - Copy", "IMG_0123 (Kopie)", "Capture"),
        *("avatar", "download (1)", "unnamed", "Unbenannt", "Ohne Titel", "Passfoto 3", "face-1", "portrait"),
        *("0C3E7F5A-1111-2222-3333-444455556666", "5f2c0e0a1b2c4d3e9f000123456789ab", "___", ""),
    ],
)
def test_names_that_cameras_messengers_and_systems_give_name_nobody(stem: str) -> None:
    assert name_from_file(stem) is None


def test_folders_of_pictures_are_nobody_and_folders_of_people_are_somebody() -> None:
    nobody, somebody = ("images", "Fotos", "DCIM", "Camera Roll"), ("Anna", "s1", "1007")
    assert [name for name in (*nobody, *somebody) if names_nobody(name)] == list(nobody)
