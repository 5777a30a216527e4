# How many prototypes YOLACT needs where three to six shapes overlap: mask AP at IoU 0.75 of 1, 8 and 32. Some 90
# seconds of one core a network.
suite = 'instances_prototypes'
protocols = ['instances']
crowded = dict(objects=(3, 6), max_cover=0.6)
options = {f'{part}_dataloader.dataset.{key}': value for part in ('train', 'test') for key, value in crowded.items()}
runs = [
    dict(method=f'prototypes_{count}', config='mmwsl::supervised/instances/yolact_r18w16_1xb16-cos-12e_shapes.py',
         options={**options, 'epochs': 3, 'train_dataloader.batch_size': 8, 'model.mask_branch.num_prototypes': count,
                  'benchmark.dataset': 'Shapes, 3 to 6 of an image'}) for count in (8, 1, 32)
]
del crowded, options
