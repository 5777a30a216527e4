import numpy as np
from smooth_pictures import annotated_picture

from mmwsl.datasets import PhotometricDistortion


def test_colours_change_and_classes_do_not():
    changed, whole = 0, annotated_picture()
    for index in range(30):
        result = PhotometricDistortion()(dict(annotated_picture(), index=index))
        assert result['image'].dtype == np.uint8 and np.array_equal(result['class_map'], whole['class_map'])
        changed += not np.array_equal(result['image'], whole['image'])
        again = PhotometricDistortion()(dict(annotated_picture(), index=index))
        assert np.array_equal(again['image'], result['image'])
    assert 24 <= changed < 30  # one in sixteen stays as it was
    grey = dict(image=np.full((4, 4, 3), 100, np.uint8))
    bright = {int(PhotometricDistortion(contrast=(1, 1))(dict(grey, index=index))['image'].mean()) for index in range(40)}
    assert min(bright) >= 67 and max(bright) <= 133 and len(bright) > 8
