"""Data sets in every form they lie in give the same images, and what is wrong with one is said in a line."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from costmodel.errors import InputError
from costmodel.specs.trained.training_recipe import Augmentation, Flip
from costmodel.training.images.augmentation import Augmenter
from costmodel.training.images.batch_files import BINARY_CLASSES, TEST, TRAIN
from costmodel.training.images.image_set import DataSet, held_out
from costmodel.training.images.reading import load_data_set
from costmodel.training.images.synthetic import synthetic_set


@pytest.fixture(scope="module")
def small() -> DataSet:
    found = synthetic_set(50, 20)
    return DataSet(found.train, found.test, BINARY_CLASSES)


def write_folder(found: DataSet, folder: Path) -> Path:
    for part, images in (("train", found.train), ("test", found.test)):
        for place, (image, label) in enumerate(zip(images.images, images.labels, strict=True)):
            path = folder / part / found.classes[label] / f"{place:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
    return folder


def by_class(found: DataSet) -> dict[tuple[str, int], set[bytes]]:
    """Images of each class, whatever their order."""
    result: dict[tuple[str, int], set[bytes]] = {}
    for part, images in (("train", found.train), ("test", found.test)):
        for image, label in zip(images.images, images.labels, strict=True):
            result.setdefault((part, int(label)), set()).add(image.tobytes())
    return result


def write_batches(found: DataSet, folder: Path, *, binary: bool) -> Path:
    folder.mkdir()
    parts = [found.train.part(slice(place * 10, place * 10 + 10)) for place in range(5)]
    for name, images in zip((*TRAIN, *TEST), (*parts, found.test), strict=True):
        rows = images.images.transpose(0, 3, 1, 2).reshape(len(images), -1)
        if binary:
            (folder / f"{name}.bin").write_bytes(np.concatenate([images.labels[:, None].astype(np.uint8), rows], axis=1).tobytes())
        else:
            content = {b"data": rows, b"labels": [int(label) for label in images.labels], b"filenames": [b"x"] * len(images)}
            (folder / name).write_bytes(pickle.dumps(content, protocol=2))
    return folder


@pytest.mark.parametrize("form", ["folder", "zip", "npz", "python", "binary", "nested"])
def test_each_form_gives_the_same_images(form: str, small: DataSet, tmp_path: Path) -> None:
    place = tmp_path / "data"
    if form in ("folder", "nested"):
        write_folder(small, place / "cifar10" if form == "nested" else place)
    elif form == "zip":
        write_folder(small, tmp_path / "open")
        place = tmp_path / "data.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for path in sorted((tmp_path / "open").rglob("*.png")):
                archive.write(path, path.relative_to(tmp_path / "open").as_posix())
    elif form == "npz":
        place = tmp_path / "data.npz"
        arrays = {"train_images": small.train.images, "train_labels": small.train.labels}
        np.savez(place, **arrays, test_images=small.test.images, test_labels=small.test.labels, classes=np.array(BINARY_CLASSES))
    else:
        write_batches(small, place, binary=form == "binary")
    found = load_data_set(place)
    assert found.classes == BINARY_CLASSES
    assert by_class(found) == by_class(small)


def test_what_was_decoded_is_kept_until_a_file_changes(small: DataSet, tmp_path: Path) -> None:
    folder = write_folder(small, tmp_path / "data")
    first = load_data_set(folder, tmp_path / "cache")
    assert len(list((tmp_path / "cache").rglob("*.npz"))) == 1
    again = load_data_set(folder, tmp_path / "cache")
    assert again.sha256 == first.sha256
    next((tmp_path / "cache").rglob("*.npz")).write_bytes(b"half a fi")
    assert load_data_set(folder, tmp_path / "cache").sha256 == first.sha256
    changed = next((folder / "train").rglob("*.png"))
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(changed)
    assert load_data_set(folder, tmp_path / "cache").sha256 != first.sha256


def test_images_of_other_sizes_are_brought_to_the_networks(small: DataSet, tmp_path: Path) -> None:
    folder = write_folder(small, tmp_path / "data")
    Image.fromarray(np.full((50, 40, 3), 7, np.uint8)).save(folder / "test" / "bird" / "large.jpg")
    assert load_data_set(folder, shape=(3, 16, 16)).shape == (3, 16, 16)
    assert load_data_set(folder, shape=(1, 16, 16)).shape == (1, 16, 16)
    with pytest.raises(InputError, match=r"large\.jpg has 50 x 40 x 3 pixels and channels, the others 32 x 32 x 3"):
        load_data_set(folder)


def test_what_is_wrong_with_a_data_set_is_said(small: DataSet, tmp_path: Path) -> None:
    def refused(place: Path, told: str) -> None:
        with pytest.raises(InputError, match=told):
            load_data_set(place)

    refused(tmp_path / "nowhere", "does not exist, expected a folder, a zip or an .npz of images")
    (tmp_path / "text.zip").write_text("no zip", encoding="utf-8")
    refused(tmp_path / "text.zip", "is no zip that can be read: it is cut short or damaged")
    half = write_folder(small, tmp_path / "half")
    for path in sorted((half / "test").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (half / "test").rmdir()
    refused(half, "has no test images")
    empty = write_folder(small, tmp_path / "empty")
    for path in (empty / "train" / "cat").iterdir():
        path.unlink()
    refused(empty, "train/cat: a class without images")
    other = write_folder(small, tmp_path / "other")
    (other / "test" / "cat").rename(other / "test" / "cats")
    refused(other, "did you mean 'cat'")
    # Where no class of the other half is left over, none is meant.
    for path in (other / "test" / "cats").iterdir():
        path.unlink()
    (other / "test" / "cats").rmdir()
    refused(other, "train/cat: a class of one half alone$")
    broken = write_folder(small, tmp_path / "broken")
    next((broken / "test" / "frog").iterdir()).write_bytes(b"no image")
    refused(broken, r"test/frog/.*\.png is no image that can be read")
    batches = write_batches(small, tmp_path / "batches", binary=True)
    (batches / "data_batch_3.bin").unlink()
    refused(batches, r"a batch of CIFAR-10 is missing: data_batch_3\.bin")
    (batches / "data_batch_3.bin").write_bytes(b"\0" * 3072)
    refused(batches, "has 3,072 bytes, expected a multiple of 3,073")
    np.savez(tmp_path / "half.npz", train_images=small.train.images)
    refused(tmp_path / "half.npz", "has no array 'train_labels'")
    stated = io.BytesIO()
    np.lib.format.write_array_header_1_0(stated, {"descr": "|u1", "fortran_order": False, "shape": (9_999_999_999, 1)})
    with zipfile.ZipFile(tmp_path / "large.npz", "w") as archive:
        for name in ("train_images", "train_labels", "test_images", "test_labels"):
            archive.writestr(f"{name}.npy", stated.getvalue())
    refused(tmp_path / "large.npz", "train_images takes 9,999,999,999 bytes; at most 2,147,483,648 are read")
    (tmp_path / "list.zip").write_bytes(b"PK\x05\x06" + b"\0" * 4 + b"\1\0\1\0" + b"\x10\0\0\0" + b"\0" * 6)
    refused(tmp_path / "list.zip", "is a zip whose list of files is damaged")
    (tmp_path / "bad.npz").write_bytes(b"PK no archive")
    refused(tmp_path / "bad.npz", r"is no \.npz that can be read")


class Hostile:
    """Would run something when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return (exec, ("raise SystemExit('unpickled')",))


def test_a_batch_that_would_run_something_is_refused(small: DataSet, tmp_path: Path) -> None:
    batches = write_batches(small, tmp_path / "batches", binary=False)
    (batches / "data_batch_2").write_bytes(pickle.dumps({b"data": Hostile(), b"labels": []}))
    with pytest.raises(InputError, match="is no Python batch of CIFAR-10"):
        load_data_set(batches)


def test_crops_come_from_the_reflected_image_and_both_sides_are_seen(small: DataSet) -> None:
    images = small.train.images
    augmenter = Augmenter(images, Augmentation(padding=4, flip=Flip.ALTERNATING), seed=3)
    padded = np.pad(images, ((0, 0), (4, 4), (4, 4), (0, 0)), mode="reflect")
    flips = []
    for epoch in (0, 1):
        flipped = np.zeros(len(images), bool)
        for places, cut in augmenter.batches(epoch, 10):
            for place, crop in zip(places, cut, strict=True):
                windows = [padded[place, top : top + 32, left : left + 32] for top in range(9) for left in range(9)]
                plain = any(np.array_equal(crop, window) for window in windows)
                assert plain or any(np.array_equal(crop[:, ::-1], window) for window in windows)
                flipped[place] = not plain
        flips.append(flipped)
    assert np.array_equal(flips[0], ~flips[1])
    assert 5 < flips[0].sum() < 45


def test_a_view_is_what_its_epoch_saw_and_views_come_again(small: DataSet) -> None:
    settings = Augmentation(padding=2, flip=Flip.RANDOM)
    augmenter = Augmenter(small.train.images, settings, seed=3, views=2)
    for epoch in (0, 1, 2):
        for places, cut in augmenter.batches(epoch, 16):
            np.testing.assert_array_equal(cut, augmenter.view(places, epoch % 2))
    every = Augmenter(small.train.images, settings, seed=3)
    places = np.arange(len(small.train))
    assert not np.array_equal(every.view(places, 0), every.view(places, 2))


def test_without_augmentation_every_image_is_seen_once_as_it_is(small: DataSet) -> None:
    seen = [(places, cut) for places, cut in Augmenter(small.train.images, Augmentation(), seed=1).batches(0, 10)]
    places = np.concatenate([each[0] for each in seen])
    assert sorted(places) == list(range(50))
    np.testing.assert_array_equal(np.concatenate([each[1] for each in seen]), small.train.images[places])


def test_what_is_held_out_is_never_trained_on(small: DataSet) -> None:
    rest, kept = held_out(small.train, 10)
    seen = {image.tobytes() for image in rest.images}
    assert not seen & {image.tobytes() for image in kept.images}
    with pytest.raises(InputError, match="some must be left to train on"):
        held_out(small.train, 50)
