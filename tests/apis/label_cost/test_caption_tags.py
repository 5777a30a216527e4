"""Tags from captions."""

import pytest

from mmwsl.apis.label_cost import caption_tags
from mmwsl.datasets.weak_labels.captions import classes_in, english_lemma, with_lemmas

FORMS = dict(dogs='dog', sheep='sheep', men='man', buses='bus', mice='mouse')
NAMES = {'dog': 'dog', 'hot dog': 'food', 'man': 'person', 'woman': 'person', 'person': 'person', 'fire truck': 'truck'}


def toy_lemma(word):
    return FORMS.get(word, word)


@pytest.mark.parametrize('caption, classes', [
    ('Two DOGS and a man.', ['dog', 'person']),
    ('A man eats hot dogs', ['person', 'food']),  # and there is no dog
    ("a dog-walker's hat", []),  # another word
    ('fire, then a fire truck; a truck', ['truck']),
    ('', []),
])
def test_words_stand_for_classes(caption, classes):
    assert classes_in(caption, with_lemmas(NAMES, toy_lemma), toy_lemma) == classes


def test_a_word_of_two_classes():
    with pytest.raises(ValueError, match="'dog' stands for dog and for pet; leave one of them out"):
        with_lemmas({'dog': 'dog', 'dogs': 'pet'}, toy_lemma)
    with pytest.raises(ValueError, match="the name '42' of the class dog has no word"):
        with_lemmas({'42': 'dog'}, toy_lemma)


def test_a_table_of_tags(tmp_path):
    (tmp_path / 'captions.csv').write_text('file,caption\na.jpg,"Dogs, asleep"\na.jpg,a man\nb.jpg,a tree\nc.jpg,men\n')
    (tmp_path / 'words.csv').write_text('word,class\nman,person\ndog,dog\n')
    found = caption_tags(tmp_path / 'captions.csv', tmp_path / 'words.csv', tmp_path / 'tags.csv', toy_lemma)
    assert (tmp_path / 'tags.csv').read_text() == 'file,tags\na.jpg,person;dog\nb.jpg,\nc.jpg,person\n'
    assert found == {'person': 2, 'dog': 1, '': 1}


def test_captions_without_a_class(tmp_path):
    (tmp_path / 'captions.csv').write_text('file,caption\na.jpg,a tree\nb.jpg,a lake\n')
    (tmp_path / 'classes.txt').write_text('dog\nperson\n')
    with pytest.raises(ValueError, match=r'none of the captions of 2 photos names a class of .*classes.txt \(dog, person\); add the words'):
        caption_tags(tmp_path / 'captions.csv', tmp_path / 'classes.txt', tmp_path / 'tags.csv', toy_lemma)
    assert not (tmp_path / 'tags.csv').exists()
    with pytest.raises(ValueError, match='has the columns file, caption; it needs word and class'):
        caption_tags(tmp_path / 'captions.csv', tmp_path / 'captions.csv', tmp_path / 'tags.csv', toy_lemma)
    with pytest.raises(FileNotFoundError, match='none.csv does not exist'):
        caption_tags(tmp_path / 'captions.csv', tmp_path / 'none.csv', tmp_path / 'tags.csv', toy_lemma)


def test_the_dictionary():
    pytest.importorskip('simplemma')
    assert [english_lemma(word) for word in ('dogs', 'mice', 'buses', 'women', 'sheep')] == ['dog', 'mouse', 'bus', 'woman', 'sheep']
