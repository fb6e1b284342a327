using System.Buffers.Binary;
using System.Text;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>
/// Reads the pickle of a state dict. It has only the opcodes that <c>torch.load</c> admits with <c>weights_only=True</c> and those of
/// protocol 4 for the same values; no code is named that would run. Memory and time are bounded by the length and the number of values,
/// and nothing here calls itself, so that values may lie in each other as deep as they like.
/// </summary>
/// <param name="pickle">Its bytes.</param>
/// <param name="mostValues">How many values it may have; a mark, and each time that a value is kept or used again, count too.</param>
internal sealed class StateDictPickle(ReadOnlyMemory<byte> pickle, int mostValues = StateDictPickle.MostValues)
{
    /// <summary>Enough for tens of thousands of tensors.</summary>
    public const int MostValues = 2_000_000;

    private const int LongestName = 1_000;
    private const int MostAxes = 64;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _at;
    private int _opcode;
    private int _values;

    /// <summary>Whether it names a class or a function that is not known here, which <c>weights_only=True</c> may refuse, too.</summary>
    public bool HasObjects { get; private set; }

    /// <summary>The value.</summary>
    /// <exception cref="TorchFileException">It is damaged, is larger than the bounds, or has another opcode.</exception>
    public object? Read()
    {
        while (true)
        {
            _opcode = _at;
            int opcode = Take(1)[0];
            if (opcode == '.')
                return Pop();
            if (!Simple(opcode) && !Collection(opcode))
                throw Damaged($"an opcode 0x{opcode:X2}, which a state dict does not have,");
        }
    }

    private bool Simple(int opcode)
    {
        switch (opcode)
        {
            case 0x80: Take(1); break;
            case 0x95: Take(8); break;
            case 'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case 'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case 'K': Push((long)Take(1)[0]); break;
            case 'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case 'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case 0x8a: Push(Long(Take(1)[0])); break;
            case 'X': Push(Text(Length())); break;
            case 0x8c: Push(Text(Take(1)[0])); break;
            case 'U': Push(Text(Take(1)[0])); break;
            case 'B': Bytes(Length()); break;
            case 'C': Bytes(Take(1)[0]); break;
            case 'c': Push(new PickledName(Line(), Line())); break;
            case 'q': Keep(Take(1)[0]); break;
            case 'r': Keep(Length()); break;
            case 0x94: Keep(_memo.Count); break;
            case 'h': Push(Known(Take(1)[0])); break;
            case 'j': Push(Known(Length())); break;
            default: return false;
        }

        return true;
    }

    private bool Collection(int opcode)
    {
        switch (opcode)
        {
            case '(': Count(); _marks.Add(_stack.Count); break;
            case ')': Push(new PickledTuple([])); break;
            case 't': Push(new PickledTuple(ToMark())); break;
            case 0x85 or 0x86 or 0x87: Push(new PickledTuple(Pop(opcode - 0x84))); break;
            case ']': Push(new List<object?>()); break;
            case 'a': Append(Pop(1)); break;
            case 'e': Append(ToMark()); break;
            case '}': Push(new PickledDictionary()); break;
            case 's': Set(Pop(2)); break;
            case 'u': Set(ToMark()); break;
            case 0x93: Push(Pop(2) is [string module, string name] ? new PickledName(module, name) : throw Damaged("a name")); break;
            case 'Q': Push(Stored(Pop())); break;
            case 'R': Push(Called(Pop(2))); break;
            case 0x81: Push(Made(Pop(2) is [PickledName made, PickledTuple] ? made : throw Damaged("no class"), isCalled: false)); break;
            case 'b': Pass(Pop()); break;
            default: return false;
        }

        return true;
    }

    private void Append(object?[] items)
    {
        if (Top() is List<object?> list)
            list.AddRange(items);
        else if (Top() is not PickledObject)
            throw Damaged("items of no list");
    }

    private void Set(object?[] pairs)
    {
        if (Top() is PickledObject && pairs.Length % 2 == 0)
            return;
        if (Top() is not PickledDictionary dictionary || pairs.Length % 2 != 0)
            throw Damaged("entries of no dictionary");
        for (int i = 0; i < pairs.Length; i += 2)
            dictionary.Set(pairs[i], pairs[i + 1]);
    }

    // Attributes, such as the versions of a state dict's modules, are no tensors.
    private void Pass(object? attributes)
    {
        if (attributes is PickledName || Top() is not (PickledDictionary or PickledObject))
            throw Damaged("attributes of no object");
    }

    private PickledStorage Stored(object? id) =>
        id is PickledTuple { Items: ["storage", PickledName type, string key, _, long and >= 0 and var count] }
            && type.Name.All(char.IsAsciiLetterOrDigit) ? new(type.Name, key, count)
        : throw Damaged("elements that are no storage of this file");

    private object? Called(object?[] call)
    {
        if (call is not [PickledName function, PickledTuple { Items: var arguments }])
            throw Damaged("a call of no function");
        return function switch
        {
            { Module: "collections", Name: "OrderedDict" } when arguments.Length == 0 => new PickledDictionary(),
            { Module: "torch._utils", Name: "_rebuild_tensor" or "_rebuild_tensor_v2" } => Tensor(arguments),
            { Module: "torch._utils", Name: "_rebuild_parameter" } => arguments is [PickledTensor tensor, ..] ? tensor
                : throw Damaged("a parameter that is no tensor"),
            _ => Made(function, isCalled: true),
        };
    }

    private PickledObject Made(PickledName by, bool isCalled)
    {
        HasObjects = true;
        return new($"{by}", isCalled);
    }

    private PickledTensor Tensor(object?[] arguments)
    {
        if (arguments is not [PickledStorage storage, long offset, PickledTuple shape, PickledTuple strides, ..]
            || shape.Items.Length != strides.Items.Length || shape.Items.Length > MostAxes
            || !shape.Items.Concat(strides.Items).All(size => size is long))
        {
            throw Damaged("a tensor of another release of PyTorch");
        }

        // The sixth are hooks, which move no value.
        return new(storage, offset, [.. shape.Items.Cast<long>()], [.. strides.Items.Cast<long>()],
            arguments.Skip(6).Any(more => more is not null and not PickledDictionary { IsEmpty: true }));
    }

    private void Count()
    {
        if (++_values > mostValues)
            throw Damaged(FormattableString.Invariant($"more than {mostValues:N0} values, as many as a state dict may have,"));
    }

    private void Push(object? value)
    {
        Count();
        _stack.Add(value);
    }

    private object? Top() => _stack.Count > (_marks is [.., var mark] ? mark : 0) ? _stack[^1] : throw Damaged("too few values");

    private object? Pop() => Pop(1)[0];

    private object?[] Pop(int count)
    {
        int start = _stack.Count - count;
        if (start < (_marks is [.., var mark] ? mark : 0))
            throw Damaged("too few values");
        object?[] values = [.. _stack[start..]];
        _stack.RemoveRange(start, count);
        return values;
    }

    private object?[] ToMark()
    {
        if (_marks is not [.., var mark])
            throw Damaged("the end of values that have no beginning");
        object?[] values = Pop(_stack.Count - mark);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    private void Keep(long place)
    {
        Count();
        _memo[place] = Top();
    }

    private object? Known(long place) =>
        _memo.TryGetValue(place, out object? value) ? value : throw Damaged("a value that is not there before,");

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > pickle.Length - _at)
            throw Damaged("the end");
        ReadOnlySpan<byte> bytes = pickle.Span.Slice(_at, (int)count);
        _at += (int)count;
        return bytes;
    }

    private long Length() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    private long Long(int length)
    {
        ReadOnlySpan<byte> bytes = Take(length);
        if (length > sizeof(long))
            throw Damaged($"a number of {length} bytes, more than {sizeof(long)},");
        long number = 0;
        for (int i = length - 1; i >= 0; i--)
            number = i == length - 1 ? (sbyte)bytes[i] : (number << 8) | bytes[i];
        return number;
    }

    private string Text(long length)
    {
        try
        {
            return Utf8.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw Damaged("a text that is no UTF-8");
        }
    }

    private void Bytes(long length)
    {
        Take(length);
        Push(new PickledObject("bytes", IsCalled: true));
    }

    private string Line()
    {
        ReadOnlySpan<byte> rest = pickle.Span[_at..];
        int length = rest[..Math.Min(rest.Length, LongestName)].IndexOf((byte)'\n');
        if (length < 0)
            throw Damaged("a name without an end");
        _at += length + 1;
        return Encoding.Latin1.GetString(rest[..length]);
    }

    private TorchFileException Damaged(string found) =>
        new(FormattableString.Invariant($"{found} at byte {_opcode} of data.pkl"), TorchConversion.SaveAgain);
}
