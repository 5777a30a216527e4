"""Every command of the front page and of the page on own data, from an installed package, in an empty folder.

What the data are called on the pages, and what makes a command short, is said here; a command that this file does not
know fails.
"""

import json
import re
import shlex

import pytest
from own_forms import FORMS, toy_photos
from test_docs import shell_lines
from wheel_environment import ROOT, make_environment, run

# what the pages call the data -> which form of it, and the file in it if the command names one
PLACES = {'PHOTOS': 'photos', 'my_photos': 'photos', 'CLASSES': 'class_folders', 'TAGS': 'tags/labels.csv',
          'BOXES': 'labelimg', 'MASKS': 'masks'}
# command -> what is added to it, so that it takes seconds
SHORTER = {'train': ['--epochs', '1'], 'test': [], 'check': [], 'benchmark': [], 'extract': [], 'predict': [],
           'explore': []}
# lines that are no command of the installed package, or take hours -> where they are tried
ELSEWHERE = {
    r'pip install ': 'the wheel is what this test runs from',
    r'make quickstart$': 'of a clone; .ci and the record in docs/results/quickstart',
    r'python tools/run_suite\.py configs/suites/': 'hours; tests/apis/test_suite.py runs suites',
    r'python tools/throughput\.py ': 'of a clone; tests/apis/test_throughput.py',
}


def as_run(line):
    """The words of a page's line after ``mmwsl``, made short; None where it is tried elsewhere.

    Raises:
        ValueError: a command that this file does not know.
    """
    if any(re.match(pattern, line) for pattern in ELSEWHERE):
        return None
    words = shlex.split(line, comments=True)
    if words[:1] != ['mmwsl'] or words[1] not in SHORTER:
        raise ValueError(f'the page has a command that nobody tries: {line}; say in {__file__} how it is run')
    words = [re.sub(r'epoch_\d+\.pth$', 'epoch_1.pth', word) for word in words[1:]]
    for name, place in PLACES.items():
        words = [re.sub(rf'(^|=){name}$', rf'\g<1>{place}', word) for word in words]
    return words + SHORTER[words[0]]


def commands(page):
    """The lines of a page's blocks that begin with a command."""
    return [line for line in shell_lines((ROOT / page).read_text(encoding='utf-8'))
            if re.match(r'(mmwsl|pip|make|python) ', line)]


def test_lines_are_made_short():
    assert as_run('mmwsl test mmwsl::a.py work_dirs/x/epoch_12.pth --data BOXES  # a word') == [
        'test', 'mmwsl::a.py', 'work_dirs/x/epoch_1.pth', '--data', 'labelimg']
    assert as_run('mmwsl train C --cfg-options data=PHOTOS') == [
        'train', 'C', '--cfg-options', 'data=photos', '--epochs', '1']
    assert as_run('make quickstart') is None
    with pytest.raises(ValueError, match='nobody tries: mmwsl unheard-of'):
        as_run('mmwsl unheard-of PHOTOS')


@pytest.mark.parametrize('page', ['README.md', 'docs/your_data.md'])
def test_every_command_is_known(page):
    found = [as_run(line) for line in commands(page)]
    kinds = {words[0] for words in found if words}
    assert kinds >= ({'train', 'explore'} if page == 'README.md' else set(SHORTER)), 'the page has lost its commands'
    left = [word for words in found if words for word in words if re.fullmatch(r'(.*=)?[A-Z]{3,}', word)]
    assert not left, f'{left} stand for nothing; say in PLACES for what'


@pytest.fixture(scope='module')
def environment(tmp_path_factory):
    folder = tmp_path_factory.mktemp('installed')
    make_environment(folder)
    return folder


@pytest.mark.long
@pytest.mark.parametrize('page', ['README.md', 'docs/your_data.md'])
def test_commands_of_the_page_run(environment, tmp_path, page):
    """In their order; what they say they write is there, and pictures of all photos are drawn."""
    photos = toy_photos(tmp_path / 'toy', 90)
    here = tmp_path / 'here'
    here.mkdir()
    for place in {place.split('/')[0] for place in PLACES.values()}:
        FORMS[place](photos, here / place)
    for line in commands(page):
        words = as_run(line)
        if words is None:
            continue
        said = run(environment / 'venv' / 'bin' / 'mmwsl', *words, cwd=here)
        if words[0] == 'train':
            assert (here / words[words.index('--work-dir') + 1] / 'epoch_1.pth').is_file(), line
        elif words[0] in ('test', 'benchmark'):
            assert re.search(r'\d\.\d\d', said), line
        elif words[0] == 'predict':
            out = here / words[words.index('--out') + 1]
            assert len(json.loads((out / 'predictions.json').read_text())['predictions']) == 90, line
            assert len(list((out / 'pictures').iterdir())) == 90, line
        elif words[0] in ('extract', 'explore'):
            assert (here / words[words.index('--out') + 1]).exists(), line
