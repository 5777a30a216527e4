# Boxes and masks of COCO as published: on C4 by the 2x schedule, on the pyramid by the 1x one.
benchmark = dict(
    dataset='COCO',
    protocols=dict(
        detection_c4=dict(
            type='detection', config='mmwsl::benchmarks/detection/mask_rcnn_r50c4_8xb2-step-180k_coco.py'),
        detection_fpn=dict(
            type='detection', config='mmwsl::benchmarks/detection/mask_rcnn_r50fpn_8xb2-step-90k_coco.py')))
