namespace Orleans.Tbptt.Data.Synthetic;

/// <summary>
/// Computes time steps <paramref name="start"/> and following of a sequence into <paramref name="destination"/>.
/// </summary>
internal delegate void Formula(int sequence, long start, Span<float> destination);

/// <summary>
/// Sequences computed from a formula: once into memory when all of them are small, otherwise at each read.
/// The choice affects speed only, not the values.
/// </summary>
internal sealed class SyntheticValues
{
    private const long LargestInMemory = 64L << 20;

    private readonly long _length;
    private readonly int _width;
    private readonly Formula _formula;
    private readonly float[]? _values;

    /// <param name="sequences">How many sequences.</param>
    /// <param name="length">Time steps of each.</param>
    /// <param name="width">Values of a time step.</param>
    /// <param name="formula">Computes the values.</param>
    public SyntheticValues(int sequences, long length, int width, Formula formula)
    {
        (_length, _width, _formula) = (length, width, formula);
        if ((Int128)sequences * length * width * sizeof(float) > LargestInMemory)
            return;
        int stride = (int)length * width;
        _values = new float[sequences * stride];
        for (int sequence = 0; sequence < sequences; sequence++)
            formula(sequence, 0, _values.AsSpan(sequence * stride, stride));
    }

    /// <summary>Reads time steps into <c>[n × width]</c>.</summary>
    public void Read(int sequence, long start, Span<float> destination)
    {
        if (_values is null)
            _formula(sequence, start, destination);
        else
            _values.AsSpan((int)((sequence * _length) + start) * _width, destination.Length).CopyTo(destination);
    }
}
