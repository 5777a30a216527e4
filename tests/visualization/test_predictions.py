"""Pictures of predictions: where what is drawn, and names in any script."""

import numpy as np
import pytest

from mmwsl.visualization import draw_prediction, palette, text
from mmwsl.visualization.predictions import _free_corners, class_color, shown_size

GREY = np.full((240, 480, 3), 128, np.uint8)


def test_the_palette_is_vocs():
    assert palette()[[0, 1, 2, 15, 20, 255]].tolist() == [
        [0, 0, 0], [128, 0, 0], [0, 128, 0], [192, 128, 128], [0, 64, 128], [224, 224, 192]]
    assert len({class_color(number) for number in range(80)}) == 80 and max(class_color(7)) == 255
    assert len({class_color(number, instance) for number in range(10) for instance in range(4)}) == 40


def test_boxes_masks_and_class_maps_lie_where_they_are():
    mask = np.zeros((240, 480), bool)
    mask[100:200, 100:200] = True
    found = dict(number=3, name='cat', score=.9, box=[50, 60, 251, 221], mask=mask)
    picture = draw_prediction(GREY, dict(size=[480, 240], objects=[found]))
    assert picture.shape == GREY.shape and tuple(picture[150, 50]) == tuple(picture[220, 150]) == class_color(3)
    assert tuple(picture[150, 150]) == tuple(np.rint(np.array(class_color(3)) / 2 + 64).astype(int))
    assert tuple(picture[100, 150]) == tuple(picture[150, 199]) == class_color(3)  # the outline of the mask
    assert (picture[230:, 300:] == 128).all() and tuple(picture[57, 52]) == class_color(3)  # the name's background
    large = draw_prediction(GREY, dict(size=[1920, 960], objects=[dict(found, box=[200, 240, 1004, 884])]))
    assert large.shape == (512, 1024, 3) and tuple(large[320, 107]) == class_color(3)  # 200 x 1024 / 1920
    assert tuple(large[320, 320]) == tuple(picture[150, 150])
    class_map = np.zeros((240, 480), np.uint8)
    class_map[:, 240:] = 1
    areas = [dict(number=0, name='background', share=.5), dict(number=1, name='cat', share=.5)]
    picture = draw_prediction(GREY, dict(size=[480, 240], class_map=class_map, areas=areas))
    photo, blended = picture[:240, :480], picture[:240, 488:968]
    assert (photo == 128).all() and (blended[:, :240] == 128).all() and (blended[:, 240:] == [128, 64, 64]).all()
    assert picture.shape[0] > 280  # the legend
    areas[0]['name'] = 'road'  # no background
    assert (draw_prediction(GREY, dict(size=[480, 240], class_map=class_map, areas=areas))[:240, 488:728] == 64).all()


def test_names_do_not_hide_each_other():
    """Of boxes on top of each other every name is whole, as long as there is room by the boxes; else the best one is."""
    size, texts = (480, 240), [(100, 18)] * 4
    corners = _free_corners([(50, 60, 290, 220)] * 4, texts, size)
    assert corners == [(50, 36), (184, 36), (50, 60), (184, 60)]
    assert _free_corners([(0, 0, 479, 239)], texts[:1], size) == [(0, 0)]  # no room above
    assert _free_corners([(470, 230, 479, 239)] * 2, texts[:2], size) == [(374, 206)] * 2  # full
    many = _free_corners([(50, 60, 290, 220)] * 20, [(100, 18)] * 20, size)
    assert len(set(many[:8])) == 6 and many[8] == many[0]
    assert _free_corners([(0, 0, 3, 3)], [(90, 18)], (20, 10)) == [(0, 0)]  # a picture that is smaller than the name


def test_maps_stand_beside_the_photo_and_what_was_not_seen_is_dark():
    values = np.zeros((240, 480), np.float32)
    values[:, 120:240] = 1
    entry = dict(number=0, name='cat', values=values, boxes=[[120, 0, 240, 240]])
    summary = dict(size=[480, 240], seen=[120, 0, 360, 240], classes=[dict(number=0, name='cat', score=.5)], maps=[entry])
    heat = draw_prediction(GREY, summary)[:240, 488:968].astype(int)
    assert (heat[100, :118] == 128 // 3).all() and (heat[100, 362:] == 128 // 3).all()
    assert heat[100, 180, 0] > heat[100, 180, 2] and heat[100, 300, 2] > heat[100, 300, 0]  # red high, blue low
    assert (heat[100, 120] == 255).all()


def test_bags_show_the_highest_score_first():
    photos = [np.full((20, 20, 3), value, np.uint8) for value in (10, 200, 90)]
    members = [dict(file=str(number), score=score) for number, score in enumerate((.2, .5, .3))]
    picture = draw_prediction(None, dict(members=members, classes=[dict(number=1, name='with', score=.8)]), photos)
    assert [picture[60, 64 + 136 * number, 0] for number in range(3)] == [200, 90, 10]
    many = draw_prediction(None, dict(members=members * 30), photos * 30)
    assert many.shape[0] < 1200


@pytest.mark.parametrize('size', [(32, 32), (1, 1), (5000, 10), (4000, 3000), (600, 500)])
def test_any_size_is_drawn_so_that_names_can_be_read(size):
    summary = dict(size=list(size), objects=[dict(number=0, name='a' * 300, score=.5, box=[-3, -3, 1e5, 1e5])],
                   classes=[dict(number=0, name='a' * 300, score=.5)], layers=dict(conv=[]))
    width, height = shown_size(size)
    assert 480 <= max(width, height) <= (1024 if min(size) * 2 > max(size) else 2048)
    picture = draw_prediction(np.zeros((min(size[1], 100), min(size[0], 100), 3), np.uint8), summary)
    assert picture.shape[0] >= height and picture.shape[1] <= max(width, 480)
    assert draw_prediction(GREY, dict(size=[480, 240], objects=[])).shape[0] > 240  # it says that there is none


@pytest.mark.parametrize('size, shown, panels', [
    ((180, 3000), (123, 2048), (3 * 123 + 16, 2048)), ((3000, 300), (1600, 160), (1600, 3 * 160 + 16)),
    ((4000, 3000), (640, 480), (3 * 640 + 16, 480))])
def test_panels_stand_as_their_shape_asks(size, shown, panels):
    """Tall ones side by side, wide ones below each other, large ones smaller than alone; scores whole in narrow ones."""
    maps = [dict(number=number, name='dining table', values=np.ones((9, 9), np.float32), boxes=[]) for number in (0, 1)]
    summary = dict(size=list(size), classes=[dict(number=number, name='dining table', score=.58) for number in (0, 1)])
    photo = np.zeros((30, 30, 3), np.uint8)
    assert shown_size(size, alone=False) == shown
    with_maps, bare = draw_prediction(photo, dict(summary, maps=maps)), draw_prediction(photo, dict(summary, maps=[]))
    captions = bare.shape[0] - shown_size(size)[1]
    assert (with_maps.shape[1], with_maps.shape[0] - captions) == panels
    label = with_maps[:20, shown[0] + 8:2 * shown[0] + 8] if size[0] < 2 * size[1] else with_maps[shown[1] + 8:shown[1] + 28]
    assert (label[3] == 0).all(axis=-1).sum() > text.text_size('d... 0.58', 16)[0]  # the row above the letters


def test_names_that_no_font_can_write(monkeypatch):
    """matplotlib's own font has Latin, Greek and Cyrillic; what it lacks becomes the number, and nothing crashes."""
    first = text._font_files()[:1]
    monkeypatch.setattr(text, '_font_files', lambda: first)
    text._find.cache_clear()
    assert [text.legible(name, 'class 4') for name in ('Straße', 'собака', 'γάτα', '猫', 'a\n b')] == [
        'Straße', 'собака', 'γάτα', 'class 4', 'a b']
    assert text.legible('猫', '犬') == '?' and text.text_size('猫', 16)[0] > 0
    assert text.shorten('word ' * 50, 16, 100).endswith('...') and text.text_size(text.shorten('word ' * 50, 16, 100), 16)[0] <= 100
    named, numbered = (draw_prediction(GREY, dict(size=[480, 240], classes=[dict(number=4, name=name, score=.5)]))
                       for name in ('猫', 'class 4'))
    assert np.array_equal(named, numbered)
    text._find.cache_clear()
