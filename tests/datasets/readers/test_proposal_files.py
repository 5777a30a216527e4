"""Files of proposals: written, mapped, and refused with a reason; those of others, of which nothing is executed."""

import json
import pickle

import numpy as np
import pytest
from scipy.io import savemat

from mmwsl.datasets.readers import Proposals, open_proposals, read_proposals, write_proposals
from mmwsl.datasets.readers.proposals import MAGIC

BOXES = [np.array([[0, 0, 5, 5], [1, 2, 30, 20]], np.float32), np.zeros((0, 4), np.float32),
         np.array([[3, 4, 9, 8]], np.float32)]
SCORES = [np.array([0.25, 0.5], np.float32), np.zeros(0, np.float32), np.array([1], np.float32)]
SIZES = np.array([[30, 20], [40, 50], [10, 10]], np.int32)


@pytest.fixture
def path(tmp_path):
    write_proposals(tmp_path / 'some.proposals', Proposals.from_lists(
        ['a/é 1.jpg', 'a/2.jpg', 'b/3.png'], BOXES, SCORES, SIZES, meta=dict(method='x')))
    return tmp_path / 'some.proposals'


def test_written_and_mapped(path):
    proposals = read_proposals(path)
    assert proposals.ids == ['a/é 1.jpg', 'a/2.jpg', 'b/3.png'] and proposals.meta == dict(method='x')
    assert isinstance(proposals.boxes, np.memmap) and not proposals.boxes.flags.writeable
    boxes, scores = proposals.of('a/é 1.jpg', size=(30, 20))
    assert boxes.tolist() == [[1, 2, 30, 20], [0, 0, 5, 5]] and scores.tolist() == [0.5, 0.25]  # best first
    assert proposals.of('3')[0].tolist() == proposals.of('other/3.jpg', max_boxes=1)[0].tolist() == [[3, 4, 9, 8]]
    sent = pickle.dumps(proposals)
    assert len(sent) < 400 and pickle.loads(sent).of('3')[1].tolist() == [1]  # a worker maps it itself


def test_no_images_at_all(tmp_path):
    write_proposals(tmp_path / 'none', Proposals.from_lists([], [], []))
    assert len(open_proposals(tmp_path / 'none')) == 0


def test_images_that_are_not_there(path):
    proposals = open_proposals(path)
    with pytest.raises(KeyError, match=r'has no proposals of image 000012: its 3 images are a/é 1.jpg, a/2.jpg, b/3.png. '
                                       'Is it the file of other images'):
        proposals.of('000012')
    with pytest.raises(KeyError, match=r'lacks 4 of 5 images: 000000, 000001, 000004, \.\.\.; its own 3 are a/é 1.jpg'):
        proposals.check_images(['000000', '000001', '3', '000004', '000005'])
    proposals.check_images(['2', 'b/3.png'])
    with pytest.raises(ValueError, match='has no proposals for image a/2.jpg: the list of its boxes is empty'):
        proposals.of('a/2.jpg')
    with pytest.raises(ValueError, match='of 10 x 10 pixels, but this one has 20 x 10: they are of another image'):
        proposals.of('3', size=(20, 10))
    unknown = Proposals.from_lists(['3'], BOXES[2:], SCORES[2:])
    assert len(unknown.of('3', size=(9, 8))[0]) == 1
    with pytest.raises(ValueError, match=r'with boxes up to \[9.0, 8.0\], but this one has 5 x 8'):
        unknown.of('3', size=(5, 8))
    with pytest.raises(KeyError, match='several images are called 3; ask for one with its folder, as in a/3.jpg'):
        Proposals.from_lists(['a/3.jpg', 'b/3.jpg'], BOXES[:2], SCORES[:2]).of('3')


@pytest.mark.parametrize('wrong', [[[5, 0, 3, 5]], [[-1, 0, 3, 5]], [[np.nan, 0, 3, 5]]])
def test_boxes_that_are_none(wrong):
    with pytest.raises(ValueError, match='boxes of image 3 are no x1 y1 x2 y2 within it'):
        Proposals.from_lists(['3'], [np.array(wrong, float)], [np.ones(1)]).of('3')


def test_arrays_that_do_not_belong_together():
    with pytest.raises(ValueError, match='its 1 names, 3 offsets, 3 boxes and 3 scores do not belong together'):
        Proposals(['a'], np.array([0, 1, 3]), np.zeros((3, 4)), np.zeros(3))
    with pytest.raises(ValueError, match='do not belong together'):
        Proposals(['a', 'b'], np.array([0, 4, 3]), np.zeros((3, 4)), np.zeros(3))
    with pytest.raises(ValueError, match='image a stands there twice'):
        Proposals.from_lists(['a', 'b', 'a'], BOXES, SCORES)


def test_files_that_are_damaged(path, tmp_path):
    content = path.read_bytes()
    bad = tmp_path / 'bad'
    for length in (0, 5, len(MAGIC) + 3, len(MAGIC) + 40, len(content) - 40, len(content) - 1):
        bad.write_bytes(content[:length])
        with pytest.raises(ValueError, match='bad is truncated or damaged: .*; make the file again: mmwsl proposals'):
            open_proposals(bad)
    for changed in (content + b'x', b'PK' + content[2:], content.replace(b'"boxes": 3', b'"boxes":-3'),
                    content.replace(b'"boxes": 3', b'"boxes": 9')):
        bad.write_bytes(changed)
        with pytest.raises(ValueError, match='bad is truncated or damaged'):
            open_proposals(bad)
    with pytest.raises(FileNotFoundError, match='missing does not exist'):
        open_proposals(tmp_path / 'missing')
    header = json.loads(content[len(MAGIC) + 16:content.index(b'}}') + 2])
    assert header['lengths']['boxes'] == 3


def cells(arrays):
    found = np.empty(len(arrays), object)
    found[:] = arrays
    return found


def test_mat(tmp_path):
    # Fast R-CNN's: y1 x1 y2 x2 from 1, the last pixel inside: a box over columns 0-9 and rows 4-7 is 5 1 8 10
    savemat(tmp_path / 'voc.mat', dict(images=cells(['000005', '000007'])[:, None],
                                       boxes=cells([np.array([[5, 1, 8, 10], [1, 1, 2, 2]], np.uint16),
                                                    np.array([[1, 1, 1, 1]], np.uint16)])[None]))
    proposals = read_proposals(tmp_path / 'voc.mat')
    assert proposals.ids == ['000005', '000007']
    boxes, scores = proposals.of('JPEGImages/000005.jpg')
    assert boxes.tolist() == [[0, 4, 10, 8], [0, 0, 2, 2]] and scores.tolist() == [1, 0.5]
    assert read_proposals(tmp_path / 'voc.mat', 'xyxy').of('000005')[0][0].tolist() == [4, 0, 8, 10]
    savemat(tmp_path / 'scored.mat', dict(images=cells(['1']), boxes=cells([np.array([[1, 1, 2, 2], [1, 1, 3, 3.]])]),
                                          boxScores=cells([np.array([[0.1], [0.7]])])))
    boxes, scores = read_proposals(tmp_path / 'scored.mat').of('1')
    assert boxes.tolist() == [[0, 0, 3, 3], [0, 0, 2, 2]] and scores.tolist() == pytest.approx([0.7, 0.1])
    savemat(tmp_path / 'other.mat', dict(x=1))
    with pytest.raises(ValueError, match='has x, but no images and boxes'):
        read_proposals(tmp_path / 'other.mat')
    (tmp_path / 'none.mat').write_bytes(b'no matlab' * 50)
    with pytest.raises(ValueError, match='is not readable as a MATLAB file'):
        read_proposals(tmp_path / 'none.mat')
    with pytest.raises(ValueError, match="box_order='yx' is unknown"):
        read_proposals(tmp_path / 'voc.mat', 'yx')


@pytest.mark.parametrize('protocol', [2, 4, 5])
def test_pickles(tmp_path, protocol):
    path = tmp_path / 'some.pkl'
    boxes = [np.array([[0, 0, 4, 6]], np.float32), np.array([[1, 1, 2, 2], [1, 1, 3, 3]], np.float32)]
    scores = [np.array([0.5]), np.array([0.1, 0.2])]

    def read(**content):
        path.write_bytes(pickle.dumps(content, protocol=protocol))
        return read_proposals(path)
    found = read(ids=[np.int64(7), 9], boxes=boxes, objectness_logits=scores, bbox_mode=0)
    assert found.ids == ['7', '9'] and found.of(9)[0].tolist() == [[1, 1, 3, 3], [1, 1, 2, 2]]
    assert read(ids=['7', '9'], boxes=boxes, objectness_logits=scores, bbox_mode=1).of(9)[0][0].tolist() == [1, 1, 4, 4]
    # Detectron's end on the last pixel inside
    assert read(indexes=np.array([7, 9]), boxes=boxes, scores=scores).of('7')[0].tolist() == [[0, 0, 5, 7]]
    with pytest.raises(ValueError, match='has bbox_mode=2; 0 .* and 1 .* are known'):
        read(ids=[1, 2], boxes=boxes, scores=scores, bbox_mode=2)
    with pytest.raises(ValueError, match=r'has boxes; it needs boxes and ids \(or indexes\)'):
        read(boxes=boxes)
    with pytest.raises(ValueError, match='3 images, 2 lists of boxes and 2 of scores'):
        read(ids=[1, 2, 3], boxes=boxes, scores=scores)
    with pytest.raises(ValueError, match='image 1 has 1 boxes and 2 scores'):
        read(ids=[1, 2], boxes=boxes, scores=scores[::-1])


class Hostile:
    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return open, (self.mark, 'w')


def test_a_hostile_pickle_runs_nothing(tmp_path):
    path, mark = tmp_path / 'bad.pkl', tmp_path / 'mark'
    with open(path, 'wb') as file:
        pickle.dump(dict(ids=[1], boxes=[np.zeros((1, 4))], scores=Hostile(mark)), file)
    with pytest.raises(ValueError, match='bad.pkl holds .*open, which is not loaded, because that may run code'):
        read_proposals(path)
    assert not mark.exists()
    pickle.loads(path.read_bytes())  # it would have
    assert mark.exists()
    path.write_bytes(b'no pickle')
    with pytest.raises(ValueError, match='bad.pkl is not readable as a pickle'):
        read_proposals(path)


def test_detectron2s_kind_of_boxes(tmp_path):
    """Its enum is read as the number it is, without detectron2: (module, name) and the argument of a call."""
    content = pickle.dumps(dict(ids=['1'], boxes=[np.array([[1., 1, 2, 2]])], scores=[np.ones(1)], bbox_mode=Mode(1)), 2)
    name = f'c{__name__}\nMode\n'.encode()
    assert name in content
    path = tmp_path / 'd2.pkl'
    path.write_bytes(content.replace(name, b'cdetectron2.structures.boxes\nBoxMode\n'))
    assert read_proposals(path).of('1')[0].tolist() == [[1, 1, 3, 3]]


class Mode:
    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return Mode, (self.value,)
