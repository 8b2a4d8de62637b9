"""Folders, archives and lists: what is found in them, and what is refused."""

import errno
import io
import os
import stat
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import openpyxl
import pytest

from enroll.imports.archive import read_archive
from enroll.imports.batch import ImportBatch
from enroll.imports.columns import guess_columns
from enroll.imports.folder import read_folder
from enroll.imports.run import open_batch
from enroll.imports.spreadsheet import decode, guess_separator, read_list
from monitor.errors import ImageError, UsageError


def found(batch: ImportBatch) -> dict[str, int]:
    return {person.identity.name: len(person.pictures) for person in batch.people}


def problems(batch: ImportBatch) -> list[str]:
    return [problem.reason for person in batch.people for problem in person.problems]


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def pack(path: Path, *names: str | zipfile.ZipInfo, content: bytes = b"x") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def test_the_first_folder_is_the_person_however_deep_the_pictures_lie(tmp_path: Path) -> None:
    touch(tmp_path, "Anna/1.jpg", "Anna/2024/summer/2.JPG", "Ben/1.png", "Cleo_1.jpg", "Cleo 2.jpg")
    assert found(read_folder(tmp_path)) == {"Anna": 2, "Ben": 1, "Cleo": 2}


def test_a_folder_around_everything_is_nobody(tmp_path: Path) -> None:
    touch(tmp_path, "people/Anna/1.jpg", "people/Ben/1.jpg")
    assert found(read_folder(tmp_path)) == {"Anna": 1, "Ben": 1}


def test_two_folders_around_everything_are_nobody_either(tmp_path: Path) -> None:
    touch(tmp_path, "team/people/Anna/1.jpg", "team/people/Ben/1.jpg", "team/people/Ben/2.jpg")
    assert found(read_folder(tmp_path)) == {"Anna": 1, "Ben": 2}


def test_one_person_with_sub_folders_stays_one_person(tmp_path: Path) -> None:
    touch(tmp_path, "Anna/1.jpg", "Anna/2024/2.jpg", "Anna/2025/3.jpg")
    assert found(read_folder(tmp_path)) == {"Anna": 3}


def test_one_persons_years_are_no_people(tmp_path: Path) -> None:
    touch(tmp_path, "Anna/2024/1.jpg", "Anna/2025/2.jpg", "Anna/2025-06/3.jpg")
    assert found(read_folder(tmp_path)) == {"Anna": 3}


def test_hidden_and_foreign_files_are_counted_and_left_aside(tmp_path: Path) -> None:
    touch(tmp_path, "Anna/1.jpg", "Anna/.DS_Store", "Anna/Thumbs.db", ".git/x.jpg", "__MACOSX/y.jpg", "read me.txt")
    batch = read_folder(tmp_path)
    assert found(batch) == {"Anna": 1}
    assert batch.skipped["hidden"] == 4
    assert batch.skipped["foreign"] == 1


def test_a_picture_under_a_rare_name_is_taken_and_one_that_is_not_read_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "Anna Beck.jfif", "Bert Cole.AVIF", "Cleo.JPEG ", "Dora Eck.CR2", "notes.txt")
    for name in ("Emil Falk.jpeg_large", "Dr. Pohl"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff\xe0 and so on")
    batch = read_folder(tmp_path)
    taken = {name for name, count in found(batch).items() if count}
    assert taken == {"Anna Beck", "Bert Cole", "Cleo", "Emil Falk", "Dr. Pohl"}
    assert problems(batch) == [
        "Pictures of the kind .cr2 are not read; save this one as JPEG, PNG, WebP, AVIF, HEIC, TIFF, BMP or GIF."
    ]
    assert batch.skipped["foreign"] == 1


def test_the_same_holds_in_an_archive(tmp_path: Path) -> None:
    archive = pack(tmp_path / "x.zip", "Emil Falk.jpeg_large", content=b"\xff\xd8\xff\xe0 and so on")
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr("Dora Eck.nef", b"x")
        more.writestr("notes", b"x")
    with ExitStack() as stack:
        batch = read_archive(archive, stack)
        assert found(batch) == {"Dora Eck": 0, "Emil Falk": 1}
        assert ".nef are not read" in problems(batch)[0]


def test_a_folder_called_images_is_nobody(tmp_path: Path) -> None:
    touch(tmp_path, "images/Anna.jpg", "images/Ben/1.jpg", "images/IMG_1234.jpg", "Cleo/1.jpg")
    batch = read_folder(tmp_path)
    assert {name: count for name, count in found(batch).items() if count} == {"Anna": 1, "Ben": 1, "Cleo": 1}
    assert "not named after a person" in problems(batch)[0]


def test_pictures_come_in_the_order_that_people_count_in(tmp_path: Path) -> None:
    touch(tmp_path, "Anna/10.jpg", "Anna/9.jpg", "Anna/1.jpg")
    names = [Path(picture.label).name for picture in read_folder(tmp_path).people[0].pictures]
    assert names == ["1.jpg", "9.jpg", "10.jpg"]


def test_people_are_sorted_as_the_lists_sort_them(tmp_path: Path) -> None:
    touch(tmp_path, "Zoë/1.jpg", "Émile/1.jpg", "eva/1.jpg", "Øyvind/1.jpg", "Paul/1.jpg")
    assert list(found(read_folder(tmp_path))) == ["Émile", "eva", "Øyvind", "Paul", "Zoë"]


def test_a_link_that_leads_outside_is_refused_and_one_inside_is_followed(tmp_path: Path) -> None:
    touch(tmp_path, "outside/secret.jpg", "people/Anna/1.jpg")
    (tmp_path / "people/Anna/2.jpg").symlink_to(tmp_path / "outside/secret.jpg")
    (tmp_path / "people/Anna/3.jpg").symlink_to(tmp_path / "people/Anna/1.jpg")
    (tmp_path / "people/Ben").symlink_to(tmp_path / "outside")
    batch = read_folder(tmp_path / "people")
    assert found(batch) == {"Anna": 2}
    assert "leads out" in problems(batch)[0]
    assert batch.skipped["links"] == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_of_files_in_an_older_encoding_are_read_as_text(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/J\xfcrgen"
    os.mkdir(folder)
    Path(os.fsdecode(folder + b"/b\xf6se.jpg")).write_bytes(b"x")
    batch = read_folder(tmp_path)
    assert found(batch) == {"Jürgen": 1}
    assert batch.people[0].pictures[0].label == f"{tmp_path}/Jürgen/böse.jpg"


def test_links_in_a_circle_and_pipes_are_named_and_the_rest_is_found(tmp_path: Path) -> None:
    touch(tmp_path, "Anna/1.jpg")
    (tmp_path / "Anna/2.jpg").symlink_to("2.jpg")
    (tmp_path / "Anna/3.jpg").symlink_to("nowhere.jpg")
    os.mkfifo(tmp_path / "Anna/4.jpg")
    (tmp_path / "list.csv").write_text("file,name\nAnna/1.jpg,Anna\nAnna/2.jpg,Anna\nAnna/4.jpg,Anna\n")

    batch, listed = read_folder(tmp_path), read_list(tmp_path / "list.csv")

    assert (found(batch), found(listed)) == ({"Anna": 1}, {"Anna": 1})
    assert [said.split("; ")[0] for said in sorted(problems(batch))] == [
        "The file cannot be read: No such file or directory.",
        f"The file cannot be read: {os.strerror(errno.ELOOP)}.",
        "This is a pipe or a device, not a file",
    ]
    assert len(problems(listed)) == 2


def test_a_path_that_cannot_be_looked_at_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    os.mkfifo(tmp_path / "pipe.zip")
    for name, said in (("round", os.strerror(errno.ELOOP)), ("pipe.zip", "a pipe or a device, not a file")):
        with pytest.raises(UsageError, match=said), open_batch(tmp_path / name):
            pass


def test_a_folder_that_may_not_be_read_is_said_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "Anna/1.jpg", "Ben/1.jpg")
    real = os.scandir

    def scandir(path: Path) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "Ben":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    batch = read_folder(tmp_path)
    assert found(batch) == {"Anna": 1, "Ben": 0}
    assert "Permission denied" in problems(batch)[0]


def test_all_pictures_can_be_said_to_show_one_person(tmp_path: Path) -> None:
    touch(tmp_path, "IMG_1.jpg", "IMG_2.jpg")
    with open_batch(tmp_path, only="Anna") as batch:
        assert found(batch) == {"Anna": 2}


@pytest.mark.parametrize("name", ["missing", "notes.docx"])
def test_what_cannot_be_imported_is_one_sentence(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "notes.docx")
    with pytest.raises(UsageError), open_batch(tmp_path / name):
        pass


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "Anna/notes.txt")
    with pytest.raises(UsageError, match="no pictures"), open_batch(tmp_path):
        pass


def test_an_archive_is_read_like_a_folder(tmp_path: Path) -> None:
    path = pack(tmp_path / "people.zip", "people/Anna/1.jpg", "people/Ben/1.jpg", "people/.hidden.jpg")
    with ExitStack() as stack:
        batch = read_archive(path, stack)
        assert found(batch) == {"Anna": 1, "Ben": 1}
        with batch.people[0].pictures[0].at_hand() as file:
            unpacked = file
            assert file.read_bytes() == b"x"
        assert not unpacked.exists()


@pytest.mark.parametrize("name", ["../Anna/1.jpg", "Anna/../../1.jpg", "/etc/1.jpg", "C:/x/1.jpg", "..\\Anna\\1.jpg"])
def test_a_path_that_climbs_out_of_an_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = pack(tmp_path / "evil.zip", name)
    with ExitStack() as stack:
        batch = read_archive(path, stack)
        assert batch.pictures == 0
        assert "leads out" in problems(batch)[0]


def test_names_in_utf_8_that_an_archive_does_not_declare_are_read_rightly(tmp_path: Path) -> None:
    archive = pack(tmp_path / "people.zip", "J@@rgen/1.jpg", "M@ller/1.jpg")
    names = archive.read_bytes().replace(b"J@@rgen", "Jürgen".encode()).replace(b"M@ller", "Müller".encode("cp437"))
    archive.write_bytes(names)
    with ExitStack() as stack:
        assert found(read_archive(archive, stack)) == {"Jürgen": 1, "Müller": 1}


def test_a_bomb_in_an_archive_is_refused_without_unpacking_it(tmp_path: Path) -> None:
    path = pack(tmp_path / "bomb.zip", "Anna/1.jpg", content=bytes(30 * 2**20))
    with ExitStack() as stack:
        assert "unpack to 30 MB" in problems(read_archive(path, stack))[0]


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("Anna/1.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = pack(tmp_path / "link.zip", link)
    with ExitStack() as stack:
        assert "This entry is a link" in problems(read_archive(path, stack))[0]


def test_a_damaged_entry_fails_alone(tmp_path: Path) -> None:
    path = pack(tmp_path / "people.zip", "Anna/1.jpg", content=bytes(range(256)) * 50)
    content = bytearray(path.read_bytes())
    content[80:90] = b"0123456789"
    path.write_bytes(content)
    with ExitStack() as stack:
        picture = read_archive(path, stack).people[0].pictures[0]
        with pytest.raises(ImageError, match="damaged"), picture.at_hand():
            pass


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\0" * 100])
def test_what_is_no_archive_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(UsageError, match="not a ZIP"), ExitStack() as stack:
        read_archive(tmp_path / "x.zip", stack)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Datei;Name;Nummer;Gruppe\nbild1.jpg;Jürgen Größe;17;Küche\n", "cp1252"),
        ("file,name,number,group\nbild1.jpg,Jürgen Größe,17,Küche\n", "utf-8"),
        ("\ufefffile\tfull name\tid\tteam\nbild1.jpg\tJürgen Größe\t17\tKüche\n", "utf-8"),
        ("file|first name|last name|No.|class\nbild1.jpg|Jürgen|Größe|17|Küche\n", "utf-16"),
    ],
)
def test_a_list_is_understood_whatever_its_separator_encoding_and_headings(
    tmp_path: Path, text: str, encoding: str
) -> None:
    touch(tmp_path, "bild1.jpg")
    (tmp_path / "people.csv").write_bytes(text.encode(encoding))
    batch = read_list(tmp_path / "people.csv")
    identity = batch.people[0].identity
    assert (identity.name, identity.number, identity.group) == ("Jürgen Größe", "17", "Küche")
    assert len(batch.people[0].pictures) == 1
    assert "Columns" in batch.notes[-1]


def test_a_list_without_headings_is_understood_by_its_content(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "list.csv").write_text("1,a.jpg,Anna\n2,b.jpg,Ben\n")
    assert found(read_list(tmp_path / "list.csv")) == {"Anna": 1, "Ben": 1}


def listed(folder: Path, text: str, name: str = "list.csv") -> ImportBatch:
    touch(folder, "a.jpg", "b.jpg", "Über.jpg", "sub/c.JPEG", "d, e.jpg")
    (folder / name).write_text(text, encoding="utf-8")
    return read_list(folder / name)


@pytest.mark.parametrize("line", ["sep=;", "SEP=;\r", '"sep=;"', "\ufeffsep=;"])
def test_the_line_with_which_excel_names_the_separator_is_not_a_heading(tmp_path: Path, line: str) -> None:
    assert found(listed(tmp_path, f"{line}\nname;file\nAnna, Dr.;a.jpg\nBen;b.jpg\n")) == {"Anna, Dr.": 1, "Ben": 1}


@pytest.mark.parametrize("above", ["Staff list 2026;;\n", "Staff;;\n;;\nAs of;1 May;\n;;\n"])
def test_a_heading_below_a_title_is_found(tmp_path: Path, above: str) -> None:
    batch = listed(tmp_path, above + "name;file;department\nAnna;a.jpg;Desk\nBen;b.jpg;Desk\n")
    assert found(batch) == {"Anna": 1, "Ben": 1}
    assert batch.people[0].identity.group == "Desk"


def test_a_row_below_a_picture_is_not_taken_for_a_heading(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names people"):
        listed(tmp_path, "colour,file\nred,a.jpg\nname,file\n")


@pytest.mark.parametrize(
    ("row", "pictures"),
    [
        ("name,file,file2,Photo 3\nAnna,a.jpg,b.jpg,\nBen,b.jpg,,", {"Anna": 2, "Ben": 1}),
        ('name,file\nAnna,"a.jpg, b.jpg"\nBen,"a.jpg; b.jpg;sub/c.JPEG"', {"Anna": 2, "Ben": 3}),
        ('name,file\nAnna,"d, e.jpg"', {"Anna": 1}),
        ('name,file\nAnna,"a.jpg\nb.jpg"', {"Anna": 2}),
    ],
)
def test_several_files_of_a_row_are_all_taken(tmp_path: Path, row: str, pictures: dict[str, int]) -> None:
    batch = listed(tmp_path, row)
    assert found(batch) == pictures
    assert problems(batch) == []


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("A.JPG", "a.jpg"),
        ("a.jpeg", "a.jpg"),
        ("a", "a.jpg"),
        ("SUB/C.jpeg", "sub/c.JPEG"),
        ("sub\\c.png", "sub/c.JPEG"),
        ("U\u0308BER.jpg", "Über.jpg"),
        ("C:\\Users\\x\\Pictures\\a.jpg", "a.jpg"),
        ("c:\\pictures\\A.JPG", "a.jpg"),
        ("\\\\server\\share\\b.jpg", "b.jpg"),
        ("/home/x/b.jpg", "b.jpg"),
    ],
)
def test_a_name_that_differs_as_computers_differ_finds_its_file(tmp_path: Path, name: str, file: str) -> None:
    batch = listed(tmp_path, f"name,file\nAnna,{name}\n")
    assert [picture.label for one in batch.people for picture in one.pictures] == [str(tmp_path / file)]
    assert batch.notes[-1] == f"{name} was read as {file}."


def test_a_name_that_may_mean_two_files_means_none(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    assert "missing" in problems(listed(tmp_path, "name,file\nAnna,a\n"))[0]


def test_a_web_address_is_called_one(tmp_path: Path) -> None:
    assert "web address" in problems(listed(tmp_path, "name,photo\nAnna,https://example.org/a.jpg\n"))[0]


def test_a_list_on_the_second_sheet_and_under_a_wrong_suffix_is_read(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Read this first"])
    sheet = book.create_sheet("Staff")
    sheet.append(["name", "file"])
    sheet.append(["Anna", "a.jpg"])
    book.save(tmp_path / "people.xlsx")
    (tmp_path / "people.csv").write_bytes((tmp_path / "people.xlsx").read_bytes())
    for name in ("people.xlsx", "people.csv"):
        batch = read_list(tmp_path / name)
        assert found(batch) == {"Anna": 1}
        assert batch.notes[0] == "Sheet Staff."


def test_one_number_with_two_names_names_both_and_takes_the_first(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.jpg").write_bytes(b"")
    (tmp_path / "list.csv").write_text(
        "file,name,number\na.jpg,Änna Beck,7\nb.jpg,Bert Cole,7\nc.jpg,beck Anna,7\nd.jpg,,7\n", encoding="utf-8"
    )
    with open_batch(tmp_path / "list.csv") as batch:
        (one,) = batch.people
    assert (one.identity.name, len(one.pictures)) == ("Änna Beck", 2)
    assert [problem.reason for problem in one.problems] == [
        "Number 7 stands for Änna Beck and for Bert Cole; give each person a number of their own.",
        "The list gives this picture no name; fill it in.",
    ]


def test_two_people_of_one_name_are_told_apart_by_number(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    (tmp_path / "list.csv").write_text("file,name,number\na.jpg,Anna,1\nb.jpg,Anna,2\nc.jpg,Anna,1\n")
    people = read_list(tmp_path / "list.csv").people
    assert [(one.identity.number, len(one.pictures)) for one in people] == [("1", 2), ("2", 1)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("missing.jpg,Anna", "missing"),
        ("../outside.jpg,Anna", "leads out"),
        ("/etc/passwd.jpg,Anna", "leads out"),
        ("notes.txt,Anna", "not a picture"),
        (",Anna", "names no file"),
        (",,x", "no name"),
        ("a.jpg,", "no name"),
    ],
)
def test_each_bad_row_of_a_list_is_named(tmp_path: Path, row: str, said: str) -> None:
    touch(tmp_path, "outside.jpg", "lists/a.jpg", "lists/notes.txt")
    path = tmp_path / "lists/list.csv"
    path.write_text(f"file,name\na.jpg,Ben\n{row}\n")
    batch = read_list(path)
    assert said in problems(batch)[0]
    assert found(batch)["Ben"] == 1


def test_a_workbook_is_read_with_numbers_as_people_write_them(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    book = openpyxl.Workbook()
    (sheet,) = book.worksheets
    sheet.append(["Photo", "Employee", "Personnel number"])
    sheet.append(["a.jpg", "Anna", 1007.0])
    book.save(tmp_path / "people.xlsx")
    identity = read_list(tmp_path / "people.xlsx").people[0].identity
    assert (identity.name, identity.number) == ("Anna", "1007")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty"),
        ("binary.csv", b"a\0b", "not a text file"),
        ("nothing.csv", b"colour,size\nred,1\n", "names pictures"),
        ("nobody.csv", b"file,size\na.jpg,1\n", "names people"),
        ("broken.xlsx", b"PK no workbook", "not an XLSX"),
    ],
)
def test_a_list_that_makes_no_sense_is_one_sentence(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read_list(tmp_path / name)


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ("Fichier;Nom;Prénom\na.jpg;Dupont;Émile", "Émile Dupont"),
        ("Datei;Name;Vorname\na.jpg;Groß;Jürgen", "Jürgen Groß"),
        ("file;name;surname\na.jpg;Ada;Lovelace", "Ada Lovelace"),
        ("archivo;nombre;apellidos\na.jpg;Ana;García López", "Ana García López"),
        ("file;name;surname\na.jpg;Ada Lovelace;Lovelace", "Ada Lovelace"),
        ("file;full name;first name\na.jpg;A. Lovelace;Ada", "A. Lovelace"),
    ],
)
def test_a_column_called_name_beside_half_a_name_is_the_other_half(tmp_path: Path, rows: str, name: str) -> None:
    touch(tmp_path, "a.jpg")
    (tmp_path / "list.csv").write_text(rows)
    assert read_list(tmp_path / "list.csv").people[0].identity.name == name


def test_a_quotation_mark_that_is_never_closed_is_said_and_swallows_nobody(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "list.csv").write_text('file,name\na.jpg,"Anna\nb.jpg,Ben\n')
    with pytest.raises(UsageError, match=r"line 3 .* quotation marks"):
        read_list(tmp_path / "list.csv")


def test_a_row_without_a_file_is_named_by_its_place(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    (tmp_path / "list.csv").write_text("file,name\na.jpg,Anna\n,\n,Ben\n")
    assert [problem.image for one in read_list(tmp_path / "list.csv").people for problem in one.problems] == ["row 4"]


def test_name_is_preferred_to_person_as_a_heading() -> None:
    columns = guess_columns([["file", "person", "name"], ["a.jpg", "A17", "Anna"]])
    assert columns.name == 2


def test_of_a_column_with_consents_it_is_said_that_nobody_reads_it() -> None:
    columns = guess_columns([["file", "name", "Consent (2026)"], ["a.jpg", "Anna", "no"]])
    assert "name = name. The column Consent (2026) is not read: say with --consent" in columns.described()


def test_commas_inside_quotes_are_no_separators() -> None:
    assert guess_separator('file;name\na.jpg;"Schmidt, Anna"\nb.jpg;"Groß, Ben"\n') == ";"


def test_text_in_an_older_encoding_keeps_its_letters() -> None:
    assert decode("Name;Straße\nJürgen;Müllerstraße\n".encode("cp1252"))[0].startswith("Name;Straße\nJürgen")


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "Peña Núñez"),
        ("cp1252", "François Lefèvre"),
        ("cp1252", "Søren Ørsted"),
        ("cp1252", "João Simões"),
        ("cp1250", "Jiří Dvořák"),
        ("cp1250", "Ivan Horvačić"),
        ("cp1250", "Łukasz Wiśniewski"),
        ("cp1250", "Gergő Szűcs"),
    ],
)
def test_one_accented_name_tells_western_from_central_europe(encoding: str, name: str) -> None:
    text = f"file;name\n1.jpg;{name}\n"

    assert decode(text.encode(encoding))[0] == text


def test_a_huge_list_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enroll.imports.spreadsheet.LARGEST", 10)
    (tmp_path / "list.csv").write_bytes(io.BytesIO(b"file,name\na.jpg,Anna\n").getvalue())
    with pytest.raises(UsageError, match="larger"):
        read_list(tmp_path / "list.csv")
