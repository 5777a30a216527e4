# Instances of few scenes of digits: a small Mask R-CNN as it is, with half of the training images composed anew of
# visible parts, and of whole objects by PCNet-M and PCNet-C, as many steps each. Three seeds. For the last one, first:
#   mmwsl decompose-set mmwsl::supervised/instances/mask_rcnn_r18w16_1xb8-cos-45e_digitscenes.py \
#       --shapes PCNET_M_CONFIG CHECKPOINT --content PCNET_C_CONFIG CHECKPOINT --out data/digit_scenes_apart
suite = 'scenes_augmentation'
protocols = ['instances']
config = 'mmwsl::supervised/instances/mask_rcnn_r18w16_1xb8-cos-45e_digitscenes.py'
seeds = [0, 1, 2]
training = 'train_dataloader.dataset.'
runs = [
    dict(method='mask_rcnn', config=config, seeds=seeds),
    dict(method='recomposed_visible', config=config, seeds=seeds, options={training + 'prob': 0.5}),
    dict(method='recomposed_whole', config=config, seeds=seeds,
         options={training + 'prob': 0.5, training + 'scenes': 'data/digit_scenes_apart'}),
]
