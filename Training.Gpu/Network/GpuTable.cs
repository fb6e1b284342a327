using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>
/// An embedding, of tokens or of a column of classes, on a device: the fused engine's <c>EmbeddingTable</c>. The host numbers the distinct
/// classes of a chunk in the order of their first occurrence, which is that of the sums.
/// </summary>
internal sealed class GpuTable : IDisposable
{
    private readonly Launcher _launcher;
    private readonly GpuParameters _parameters;
    private readonly GpuParameters _gradients;
    private readonly EmbeddingShape _shape;
    private readonly int _column;
    private readonly int _columns;
    private readonly int _first;
    private readonly int _sums;
    private readonly bool _isTied;
    private readonly int[] _placeOf;
    private readonly BatchInbound _batch;
    private readonly BatchPart _places;
    private readonly BatchPart _classes;
    private readonly BatchPart _order;
    private readonly BatchPart _ends;
    private readonly InboundPart _factors;
    private readonly DeviceBuffer _vectors;
    private readonly DeviceBuffer _rowSums;
    private readonly DeviceBuffer _gradient;
    private int[] _numbered = [];
    private int[] _aheadNumbered = [];
    private bool _drops;

    /// <summary>Makes the table of one embedding of a model.</summary>
    public GpuTable(GpuResources shared, ModelSpec model, ParameterLayout layout, int column, int first)
    {
        (_launcher, _parameters, _gradients) = (shared.Launcher, shared.Parameters, shared.Gradients);
        var (device, inbound) = (shared.Device, shared.Inbound);
        IReadOnlyList<EmbeddingShape> shapes = model.Tables;
        (_shape, _column, _columns, _first) = (shapes[column], column, shapes.Count, first);
        (_sums, _isTied) = (model.Cell.Gates * model.HiddenSize, layout.Head == _shape.Name);
        _placeOf = new int[_shape.Classes];
        Array.Fill(_placeOf, -1);
        _batch = shared.Batch;
        (_places, _classes, _order, _ends, _factors) = (new(_batch), new(_batch), new(_batch), new(_batch), new(inbound));
        (_vectors, _rowSums, _gradient) = (new(device), new(device), new(device));
    }

    private DeviceWeight Weight => _parameters.Weight("rnn.weight_ih_l0", _first, _shape.Size);

    private nint Factors => _drops ? _factors.Address : 0;

    /// <summary>The classes of the chunk at hand, by their numbers.</summary>
    private int[] Numbered => _batch.IsAhead ? _aheadNumbered : _numbered;

    private int Count => Numbered.Length;

    /// <summary>Numbers the classes of a batch and packs them, in the order of their sums.</summary>
    public void Pack(ReadOnlySpan<long> codes)
    {
        int rows = codes.Length / _columns, count = 0;
        int[] places = new int[rows], classes = new int[Math.Min(rows, _placeOf.Length)];
        EnsureKnown(codes);
        for (int row = 0; row < rows; row++)
        {
            int one = (int)codes[(row * _columns) + _column];
            ref int place = ref _placeOf[one];
            if (place < 0)
            {
                place = count;
                classes[count++] = one;
            }

            places[row] = place;
        }

        Array.Resize(ref classes, count);
        foreach (int one in classes)
            _placeOf[one] = -1;
        Sort(places, count);
        _places.Load<int>(places);
        _classes.Load<int>(classes);
        (_batch.ReadsAhead ? ref _aheadNumbered : ref _numbered) = classes;
    }

    /// <summary>Packs what is dropped of the vectors of the chunk at hand.</summary>
    public void Begin(DropoutMasks dropout)
    {
        _drops = dropout.DropsVectors;
        if (_drops)
            _factors.Load<float>([.. Numbered.Select(one => dropout.OfVector(_column, one))]);
    }

    /// <summary>Gathers the chunk's vectors.</summary>
    public void LookUp()
    {
        _vectors.Reserve((long)Count * _shape.Size);
        _launcher.Copy(
            _parameters.Table(_shape.Name), _classes.Address, Rows(_vectors, _shape.Size), 0, Factors, adds: false, Count, _shape.Size);
    }

    /// <summary>Computes the first layer's sums over the vectors, or adds them to what is there.</summary>
    /// <param name="bias">What the sums begin with; 0 to add to the gates.</param>
    /// <param name="gates">The gates.</param>
    /// <param name="rows">Rows of the chunk.</param>
    public void Forward(nint bias, DeviceRows gates, int rows)
    {
        _rowSums.Reserve((long)Count * _sums);
        _launcher.Forward(Rows(_vectors, _shape.Size), Weight, bias, 0, Rows(_rowSums, _sums), Count);
        if (bias == 0)
            _launcher.Add(Rows(_rowSums, _sums), _places.Address, gates, rows, _sums);
        else
            _launcher.Copy(Rows(_rowSums, _sums), _places.Address, gates, 0, 0, adds: false, rows, _sums);
    }

    /// <summary>Copies each row's vector into its place among the first layer's inputs.</summary>
    public void CopyVectors(DeviceRows inputs, int rows) => _launcher.Copy(
        Rows(_vectors, _shape.Size), _places.Address, inputs.Without(_first), 0, 0, adds: false, rows, _shape.Size);

    /// <summary>The gradients of the weight of the vectors and of the embedding, from that of the first layer's sums.</summary>
    public void Gradient(DeviceRows gates)
    {
        _rowSums.Reserve((long)Count * _sums);
        var sums = Rows(_rowSums, _sums);
        _launcher.SumGroups(gates, _order.Address, _ends.Address, sums, 0, 0, adds: false, Count, _sums);
        Clear();
        _launcher.Gradient(sums, Rows(_vectors, _shape.Size), 0, _gradients.Weight("rnn.weight_ih_l0", _first, _shape.Size), Count);
        _gradient.Reserve((long)Count * _shape.Size);
        _launcher.Backward(sums, Weight, Rows(_gradient, _shape.Size), Count);
        _launcher.Copy(
            Rows(_gradient, _shape.Size), 0, _gradients.Table(_shape.Name), _classes.Address, Factors, adds: _isTied, Count, _shape.Size);
    }

    /// <summary>The gradient of the embedding from that of the first layer's inputs, after <see cref="CopyVectors"/>.</summary>
    public void VectorGradient(DeviceRows inputGradient)
    {
        Clear();
        _launcher.SumGroups(
            inputGradient.Without(_first), _order.Address, _ends.Address, _gradients.Table(_shape.Name), _classes.Address, Factors,
            adds: _isTied, Count, _shape.Size);
    }

    public void Dispose()
    {
        foreach (var buffer in (DeviceBuffer[])[_vectors, _rowSums, _gradient])
            buffer.Dispose();
    }

    /// <summary>Zeroes the gradient, unless that of the head, which has the same weight, is there already, to be added to.</summary>
    private void Clear()
    {
        if (!_isTied)
            _gradients.Clear(_launcher, _shape.Name);
    }

    /// <summary>The rows of each class one after another, in their order, and where each class's rows end.</summary>
    private void Sort(ReadOnlySpan<int> places, int count)
    {
        int[] order = new int[places.Length], ends = new int[count + 1], next = new int[count];
        foreach (int place in places)
            ends[place + 1]++;
        for (int place = 0; place < count; place++)
        {
            next[place] = ends[place];
            ends[place + 1] += ends[place];
        }

        for (int row = 0; row < places.Length; row++)
            order[next[places[row]]++] = row;
        _order.Load<int>(order);
        _ends.Load<int>(ends);
    }

    private void EnsureKnown(ReadOnlySpan<long> codes)
    {
        for (int at = _column; at < codes.Length; at += _columns)
        {
            if (codes[at] < 0 || codes[at] >= _placeOf.Length)
                throw new InvalidDataException(
                    $"the data have a {(_shape.Name == "embedding.weight" ? "token" : "class of a column")} {codes[at]}, expected 0 to "
                    + $"{_placeOf.Length - 1}; the data changed after they were opened");
        }
    }

    private static DeviceRows Rows(DeviceBuffer buffer, int stride) => new(buffer.Address, stride);
}
