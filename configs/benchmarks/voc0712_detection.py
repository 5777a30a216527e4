# Boxes of VOC07+12 as published: the mean of five trainings.
benchmark = dict(
    dataset='VOC0712',
    protocols=dict(
        detection=dict(
            config='mmwsl::benchmarks/detection/faster_rcnn_r50c4_8xb2-step-24k_voc0712.py', trials=5)))
