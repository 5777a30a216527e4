"""Steps that are skipped, go on, or are done anew."""

import pytest

from mmwsl.apis.pseudo_masks.chain import digest, run_step


def test_a_step_is_done_once_goes_on_and_is_done_anew(tmp_path):
    folder, calls = tmp_path / 'maps', []

    def work():
        calls.append(sorted(path.name for path in folder.glob('*.txt')))
        (folder / f'{len(calls)}.txt').write_text('x')
        if len(calls) == 1:
            raise KeyboardInterrupt
        return dict(photos=len(calls))

    with pytest.raises(KeyboardInterrupt):
        run_step(folder, 'maps', digest('a'), work)
    assert run_step(folder, 'maps', digest('a'), work) == dict(photos=2)
    assert calls == [[], ['1.txt']]  # it found what the first had done
    assert run_step(folder, 'maps', digest('a'), work) == dict(photos=2) and len(calls) == 2
    assert run_step(folder, 'maps', digest('b'), work) == dict(photos=3) and calls[2] == []
    old, = tmp_path.glob('old-*-maps')
    assert sorted(path.name for path in old.glob('*.txt')) == ['1.txt', '2.txt']


def test_a_folder_of_something_else_is_not_touched(tmp_path):
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'photos' / 'mine.jpg').write_text('x')
    with pytest.raises(FileExistsError, match='choose another --out'):
        run_step(tmp_path / 'photos', 'photos', digest('a'), lambda: pytest.fail('done'))
    assert [path.name for path in tmp_path.rglob('*')] == ['photos', 'mine.jpg']


def test_the_digest_follows_the_settings():
    assert digest(dict(a=1, b=2)) == digest(dict(b=2, a=1)) != digest(dict(a=1, b=3))
