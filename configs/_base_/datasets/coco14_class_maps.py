# COCO 2014, 80 categories and the background;
# `mmwsl prepare coco_class_maps data/coco/annotations/instances_train2014.json data/coco/class_maps/train2014` (and the
# same for val2014) makes the class maps.
_base_ = './voc12aug_class_maps.py'

class_names = [
    'background', 'person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat',
    'traffic light', 'fire hydrant', 'stop sign', 'parking meter', 'bench', 'bird', 'cat', 'dog', 'horse', 'sheep',
    'cow', 'elephant', 'bear', 'zebra', 'giraffe', 'backpack', 'umbrella', 'handbag', 'tie', 'suitcase', 'frisbee',
    'skis', 'snowboard', 'sports ball', 'kite', 'baseball bat', 'baseball glove', 'skateboard', 'surfboard',
    'tennis racket', 'bottle', 'wine glass', 'cup', 'fork', 'knife', 'spoon', 'bowl', 'banana', 'apple', 'sandwich',
    'orange', 'broccoli', 'carrot', 'hot dog', 'pizza', 'donut', 'cake', 'chair', 'couch', 'potted plant', 'bed',
    'dining table', 'toilet', 'tv', 'laptop', 'mouse', 'remote', 'keyboard', 'cell phone', 'microwave', 'oven',
    'toaster', 'sink', 'refrigerator', 'book', 'clock', 'vase', 'scissors', 'teddy bear', 'hair drier', 'toothbrush'
]
root = 'data/coco'
train_dataloader = dict(
    dataset=dict(
        images=root + '/train2014', maps=root + '/class_maps/train2014', list_file=None, classes=class_names))
test_dataloader = dict(
    dataset=dict(images=root + '/val2014', maps=root + '/class_maps/val2014', list_file=None, classes=class_names))
test_evaluator = dict(num_classes=81)
benchmark = dict(dataset='COCO14')
