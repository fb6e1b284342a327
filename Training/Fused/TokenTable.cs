using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// The embedding and the first layer's sums over it: each distinct token of a chunk is looked up and multiplied once; gradients take the
/// same way back, summed over the token's occurrences in order.
/// </summary>
internal sealed unsafe class TokenTable : IDisposable
{
    private readonly FusedLayer _layer;
    private readonly ParameterSlot _slot;
    private readonly int _size;
    private readonly Rows _vectors;
    private readonly Rows _sums;
    private readonly Rows _gradient;
    private readonly int[] _placeOf;
    private float[] _table = [];
    private int[] _places = [];
    private int[] _tokens = [];
    private int _count;

    public TokenTable(ParameterLayout layout, EmbeddingSpec embedding, FusedLayer layer)
    {
        _layer = layer;
        _slot = layout.Slots.Single(slot => slot.Name == "embedding.weight");
        _size = embedding.Size;
        (_vectors, _sums, _gradient) = (new(_size), new(layer.Input.Outputs), new(_size));
        _placeOf = new int[embedding.Vocabulary!.Value];
        Array.Fill(_placeOf, -1);
    }

    /// <summary>Loads the embedding.</summary>
    public void Load(float* parameters)
    {
        if (_table.Length == 0)
            _table = new float[_slot.Length];
        new ReadOnlySpan<float>(parameters + _slot.Offset, _slot.Length).CopyTo(_table);
    }

    /// <summary>Computes the first layer's sums over inputs, biases included, into its gates.</summary>
    public void Forward(ReadOnlySpan<long> tokens, Rows gates)
    {
        Find(tokens);
        _vectors.Reserve(_count);
        _sums.Reserve(_count);
        for (int place = 0; place < _count; place++)
            _table.AsSpan(_tokens[place] * _size, _size).CopyTo(_vectors.Span(place));
        _layer.Input.Forward(_vectors[0], _vectors.Stride, _layer.InputBias, 0, _sums, 0, _count);
        for (int row = 0; row < tokens.Length; row++)
            _sums.Span(_places[row]).CopyTo(gates.Span(row));
    }

    /// <summary>Computes the gradients of the first layer's input weight and of the embedding from that of its sums.</summary>
    public void Backward(Rows gates, int rows, float* gradient)
    {
        _sums.Clear(_count);
        for (int row = 0; row < rows; row++)
            Elementwise.Run(new AddTo(gates[row], _sums[_places[row]]), _sums.Columns);
        _layer.InputGradient(_sums, _vectors[0], _vectors.Stride, _count, gradient);
        _gradient.Reserve(_count);
        _layer.ToInputs(_sums, _gradient, _count);
        new Span<float>(gradient + _slot.Offset, _slot.Length).Clear();
        for (int place = 0; place < _count; place++)
            _gradient.Span(place).CopyTo(new(gradient + _slot.Offset + (long)_tokens[place] * _size, _size));
    }

    public void Dispose()
    {
        foreach (var rows in (Rows[])[_vectors, _sums, _gradient])
            rows.Dispose();
    }

    /// <summary>Numbers the distinct tokens in the order of their first occurrence.</summary>
    private void Find(ReadOnlySpan<long> tokens)
    {
        if (_places.Length < tokens.Length)
        {
            _places = new int[tokens.Length];
            _tokens = new int[Math.Min(tokens.Length, _placeOf.Length)];
        }

        // All tokens are checked before anything is written.
        foreach (long token in tokens)
        {
            if (token < 0 || token >= _placeOf.Length)
                throw new InvalidDataException(
                    $"the data have a token {token}, expected 0 to {_placeOf.Length - 1}; the data changed after they were opened");
        }

        _count = 0;
        for (int row = 0; row < tokens.Length; row++)
        {
            int token = (int)tokens[row];
            ref int place = ref _placeOf[token];
            if (place < 0)
            {
                place = _count;
                _tokens[_count++] = token;
            }

            _places[row] = place;
        }

        for (int place = 0; place < _count; place++)
            _placeOf[_tokens[place]] = -1;
    }
}
