# Boxes and masks of COCO photos on a CPU.
benchmark = dict(
    dataset='COCO (a part)', protocols=dict(detection=dict(config='mmwsl::benchmarks/quick/mask_rcnn_coco.py')))
