import torch


def occlusion_map(model, x, target, size, stride, fill=0.0):
    h, w = x.shape[-2:]
    if size < 1 or stride < 1 or h < size or w < size:
        raise ValueError(f"squares of {size} with stride {stride} do not fit into {h}×{w}")
    modes = {m: m.training for m in model.modules()}
    model.eval()
    maps = []
    for k in range(len(x)):
        c = target if isinstance(target, int) else int(target[k])
        image = x[k : k + 1]
        rows = []
        for top in range(0, h, stride):
            if top + size > h:
                break
            row = []
            for left in range(0, w, stride):
                if left + size > w:
                    break
                keep = torch.ones_like(image)
                keep[:, :, top : top + size, left : left + size] = 0
                covered = image * keep + fill * (1 - keep)
                both = torch.cat([image, covered])
                with torch.no_grad():
                    p = model(both).softmax(1)[:, c]
                row.append(p[0] - p[1])
            rows.append(torch.stack(row))
        maps.append(torch.stack(rows))
    for m, mode in modes.items():
        m.training = mode
    return torch.stack(maps)
