using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Fused.Threads;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// An embedding, of tokens or of a column of classes, and the first layer's sums over its vectors: each distinct class of a chunk is looked
/// up and multiplied once; gradients take the same way back, summed over the class's occurrences in order.
/// </summary>
internal sealed unsafe class EmbeddingTable : IDisposable
{
    private readonly EmbeddingShape _shape;
    private readonly ParameterSlot _slot;
    private readonly string _noun;
    private readonly bool _isTied;
    private readonly int _column;
    private readonly int _columns;
    private readonly int _first;
    private readonly Weight _weight;
    private readonly Rows _vectors;
    private readonly Rows _sums;
    private readonly Rows _gradient;
    private readonly Rows _zeros;
    private readonly OutputGradient _sumGradient;
    private readonly int[] _placeOf;
    private float[] _table = [];
    private int[] _places = [];
    private int[] _classes = [];
    private int _count;
    private PieceSums? _pieces;
    private PieceSums? _pieceVectors;
    private long _pieceRows;
    private DropoutMasks _dropout;

    /// <summary>Makes the table of one embedding of a model.</summary>
    /// <param name="team">Computes products.</param>
    /// <param name="layout">The model's parameters.</param>
    /// <param name="tables">Its embeddings.</param>
    /// <param name="column">Which of them, and which number of an input is its class.</param>
    /// <param name="first">The first of the layer's inputs that its vectors are.</param>
    public EmbeddingTable(Team team, ParameterLayout layout, IReadOnlyList<EmbeddingShape> tables, int column, int first)
    {
        (_shape, _column, _columns, _first) = (tables[column], column, tables.Count, first);
        _noun = _shape.Name == "embedding.weight" ? "token" : "class of a column";
        _slot = layout.Slots.Single(slot => slot.Name == _shape.Name);
        _isTied = layout.Head == _shape.Name;
        _sumGradient = new(team);
        _weight = new(team, layout, "rnn.weight_ih_l0", first, _shape.Size);
        (_vectors, _sums, _gradient) = (new(_shape.Size), new(_weight.Outputs), new(_shape.Size));
        _zeros = new(Math.Max(_shape.Size, _weight.Outputs));
        _zeros.Reserve(1);
        _placeOf = new int[_shape.Classes];
        Array.Fill(_placeOf, -1);
    }

    /// <summary>Loads the embedding, and the weight of its vectors.</summary>
    public void Load(float* parameters)
    {
        if (_table.Length == 0)
            _table = new float[_slot.Length];
        new ReadOnlySpan<float>(parameters + _slot.Offset, _slot.Length).CopyTo(_table);
        _weight.Load(parameters, toInputs: true);
    }

    /// <summary>Computes the first layer's sums over the vectors into its gates, or adds them to what is there.</summary>
    /// <param name="classes">The classes of each row, <c>[rows, columns]</c>.</param>
    /// <param name="bias">What the sums begin with; null to add to the gates.</param>
    /// <param name="gates">The gates.</param>
    /// <param name="dropout">The masks, of which those of whole vectors count.</param>
    public void Forward(ReadOnlySpan<long> classes, float* bias, Rows gates, DropoutMasks dropout)
    {
        int rows = classes.Length / _columns;
        EnsureKnown(classes);
        LookUp(classes, new(rows), dropout);
        _weight.ForwardAll(_vectors[0], _vectors.Stride, bias is null ? _zeros[0] : bias, _sums, _count);
        if (bias is null)
        {
            for (int row = 0; row < rows; row++)
                Elementwise.Run(new AddTo(_sums[_places[row]], gates[row]), _sums.Columns);
            return;
        }

        for (int row = 0; row < rows; row++)
            _sums.Span(_places[row]).CopyTo(gates.Span(row));
    }

    /// <summary>
    /// Computes the gradients of the weight of the vectors and of the embedding, summed over rows, from that of the first layer's sums.
    /// </summary>
    /// <param name="classes">The classes of each row, as <see cref="Forward"/> had them.</param>
    /// <param name="gates">The gradient of the sums.</param>
    /// <param name="rows">Which rows.</param>
    /// <param name="gradient">The flat gradient.</param>
    public void Gradient(ReadOnlySpan<long> classes, Rows gates, GradientRows rows, float* gradient)
    {
        // A shard numbers its classes as if it were alone: their order is that of the sum.
        if (!rows.AreAll)
            LookUp(classes, rows, _dropout);
        _sums.Clear(_count);
        for (int i = 0; i < rows.Count; i++)
            Elementwise.Run(new AddTo(gates[rows[i]], _sums[_places[i]]), _sums.Columns);
        Clear(gradient);
        Gradients(_sums, _vectors, _classes, _count, gradient);
    }

    /// <summary>Copies each row's vector into its place among the first layer's inputs.</summary>
    /// <param name="classes">The classes of each row, <c>[rows, columns]</c>.</param>
    /// <param name="dropout">The masks, of which those of whole vectors count.</param>
    /// <param name="inputs">The inputs.</param>
    public void CopyVectors(ReadOnlySpan<long> classes, DropoutMasks dropout, Rows inputs)
    {
        int rows = classes.Length / _columns;
        EnsureKnown(classes);
        LookUp(classes, new(rows), dropout);
        for (int row = 0; row < rows; row++)
            _vectors.Span(_places[row]).CopyTo(inputs.Span(row)[_first..]);
    }

    /// <summary>Computes the gradient of the embedding from that of the first layer's inputs, after <see cref="CopyVectors"/>.</summary>
    public void BackwardVectors(Rows inputGradient, GradientRows rows, float* gradient)
    {
        Clear(gradient);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            int one = _classes[_places[row]];
            Drop(inputGradient.Span(row).Slice(_first, _shape.Size), one);
            Elementwise.Run(new AddTo(inputGradient[row] + _first, Place(gradient, one)), _shape.Size);
        }
    }

    /// <summary>Adds the gradient of the first layer's inputs over a piece, after <see cref="CopyVectors"/>.</summary>
    public void BackwardPieceVectors(Rows inputGradient, int rows)
    {
        if (_pieceVectors is null)
        {
            _pieceVectors = new(_shape, _shape.Size);
            _pieceVectors.Begin(_pieceRows);
        }

        for (int row = rows - 1; row >= 0; row--)
        {
            int one = _classes[_places[row]];
            Drop(inputGradient.Span(row).Slice(_first, _shape.Size), one);
            Elementwise.Run(new AddTo(inputGradient[row] + _first, _pieceVectors.SumsOf(one)), _shape.Size);
        }
    }

    /// <summary>Begins a backward pass that comes in pieces, the last one first.</summary>
    /// <param name="rows">Rows of all pieces.</param>
    public void BeginPieces(long rows)
    {
        _pieces ??= new(_shape, _weight.Outputs);
        _pieces.Begin(rows);
        _pieceVectors?.Begin(rows);
        _pieceRows = rows;
    }

    /// <summary>Adds the gradient of the first layer's sums over a piece, whose forward pass was the last one.</summary>
    public void BackwardPiece(Rows gates, int rows)
    {
        for (int row = rows - 1; row >= 0; row--)
            Elementwise.Run(new AddTo(gates[row], _pieces!.SumsOf(_classes[_places[row]])), _sums.Columns);
    }

    /// <summary>Computes the gradients from the sums over all pieces: of the layer's sums, or of inputs that are dropped.</summary>
    /// <param name="gradient">The flat gradient, in which these are still 0, or that of the head that has the same weight.</param>
    public void EndPieces(float* gradient)
    {
        for (int place = 0; place < _pieceVectors?.Count; place++)
            Add(_pieceVectors.Sums, place, _pieceVectors.Classes[place], gradient);
        if (_pieces!.Count == 0)
            return;
        var vectors = _pieces.Vectors(_table);
        for (int place = 0; place < _pieces.Count; place++)
            Drop(vectors.Span(place), _pieces.Classes[place]);
        Gradients(_pieces.Sums, vectors, _pieces.Classes, _pieces.Count, gradient);
    }

    private void Gradients(Rows sums, Rows vectors, int[] classes, int count, float* gradient)
    {
        _weight.Gradient(_sumGradient.Of(sums, new(count)), vectors[0], vectors.Stride, _zeros[0], gradient);
        _gradient.Reserve(count);
        _weight.BackwardAll(sums[0], sums.Stride, _zeros[0], _gradient, count);
        for (int place = 0; place < count; place++)
        {
            Drop(_gradient.Span(place), classes[place]);
            Add(_gradient, place, classes[place], gradient);
        }
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[_weight, _vectors, _sums, _gradient, _zeros, _sumGradient])
            one.Dispose();
        _pieces?.Dispose();
        _pieceVectors?.Dispose();
    }

    /// <summary>Multiplies the vector of a class, or its gradient, by the mask of the chunk that was looked up last.</summary>
    private void Drop(Span<float> vector, int one)
    {
        if (!_dropout.DropsVectors)
            return;
        float factor = _dropout.OfVector(_column, one);
        foreach (ref float value in vector)
            value *= factor;
    }

    /// <summary>Zeroes the gradient, unless that of the head, which has the same weight, is there already, to be added to.</summary>
    private void Clear(float* gradient)
    {
        if (!_isTied)
            new Span<float>(gradient + _slot.Offset, _slot.Length).Clear();
    }

    /// <summary>Puts the gradient of a vector into the flat gradient, or adds it to that of the head that has the same weight.</summary>
    private void Add(Rows gradients, int place, int one, float* gradient)
    {
        if (_isTied)
            Elementwise.Run(new AddTo(gradients[place], Place(gradient, one)), _shape.Size);
        else
            gradients.Span(place).CopyTo(new(Place(gradient, one), _shape.Size));
    }

    private float* Place(float* gradient, int one) => gradient + _slot.Offset + (long)one * _shape.Size;

    /// <summary>Checks all classes before anything is written.</summary>
    private void EnsureKnown(ReadOnlySpan<long> classes)
    {
        for (int at = _column; at < classes.Length; at += _columns)
        {
            if (classes[at] < 0 || classes[at] >= _placeOf.Length)
                throw new InvalidDataException(
                    $"the data have a {_noun} {classes[at]}, expected 0 to {_placeOf.Length - 1}; the data changed after they were opened");
        }
    }

    /// <summary>
    /// Numbers the distinct classes of rows in the order of their first occurrence, and gets their vectors, some of which are dropped.
    /// </summary>
    private void LookUp(ReadOnlySpan<long> classes, GradientRows rows, DropoutMasks dropout)
    {
        _dropout = dropout;
        if (_places.Length < rows.Count)
        {
            _places = new int[rows.Count];
            _classes = new int[Math.Min(rows.Count, _placeOf.Length)];
        }

        _count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int one = (int)classes[(rows[i] * _columns) + _column];
            ref int place = ref _placeOf[one];
            if (place < 0)
            {
                place = _count;
                _classes[_count++] = one;
            }

            _places[i] = place;
        }

        _vectors.Reserve(_count);
        _sums.Reserve(_count);
        for (int place = 0; place < _count; place++)
        {
            _placeOf[_classes[place]] = -1;
            _table.AsSpan(_classes[place] * _shape.Size, _shape.Size).CopyTo(_vectors.Span(place));
            Drop(_vectors.Span(place), _classes[place]);
        }
    }
}
