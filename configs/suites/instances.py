# Instances on images of one to three shapes, 384 steps of eight images: YOLACT from masks, from boxes alone (BoxInst)
# and from filled boxes, three seeds each, Mask R-CNN, and both suppressions on the same networks. Some 15 minutes of
# one core.
suite = 'instances'
protocols = ['instances']
recipe = 'mmwsl::supervised/instances/{}_r18w16_1xb16-cos-12e_shapes.py'.format
short = {'epochs': 3, 'train_dataloader.batch_size': 8}
runs = []
for seed in (0, 1, 2):
    runs += [
        dict(method='yolact', config=recipe('yolact'), seeds=[seed], options=short),
        dict(method='yolact_greedy_nms', config=recipe('yolact'), seeds=[seed], ensemble=[f'yolact-seed{seed}'],
             options={**short, 'model.head.nms': 'nms'}),
        dict(method='filled_boxes', config=recipe('yolact_filled_boxes'), seeds=[seed], options=short),
        dict(method='boxinst', config=recipe('boxinst'), seeds=[seed],
             options={**short, 'model.mask_branch.warmup': 1000}),
    ]
runs += [
    dict(method='mask_rcnn', config=recipe('mask_rcnn'), options=short),
    dict(method='mask_rcnn_fast_nms', config=recipe('mask_rcnn'), ensemble=['mask_rcnn-seed0'],
         options={**short, 'model.box_head.nms': 'fast_nms'}),
]
del recipe, seed, short
