using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;
using static Onnx.TensorProto.Types;
using Dimension = Onnx.TensorShapeProto.Types.Dimension;

namespace Orleans.Tbptt.Client.Export.Onnx;

/// <summary>Writes a graph of ONNX value by value; what is added is referred to by its name.</summary>
/// <param name="name">The graph's name.</param>
internal sealed class GraphWriter(string name)
{
    /// <summary>The domain of operators of classical machine learning, which has one for classes.</summary>
    private const string LearningDomain = "ai.onnx.ml";

    /// <summary>The graph so far.</summary>
    public GraphProto Graph { get; } = new() { Name = name };

    /// <summary>Whether operators of <c>ai.onnx.ml</c> are used.</summary>
    public bool UsesLearningDomain { get; private set; }

    /// <summary>The states that are carried from call to call: an input each, and the output that is the next call's input.</summary>
    public List<(string Input, string Output)> States { get; } = [];

    /// <summary>A dimension of any size.</summary>
    public static Dimension Any(string name) => new() { DimParam = name };

    /// <summary>A dimension of one size.</summary>
    public static Dimension Fixed(long size) => new() { DimValue = size };

    /// <summary>Adds an input.</summary>
    public string Input(string name, DataType type, string about, params ReadOnlySpan<Dimension> shape)
    {
        Graph.Input.Add(Value(name, type, about, shape));
        return name;
    }

    /// <summary>
    /// Adds an input that is carried: the initializer of its name is what it is where nothing is fed, for a batch of one row.
    /// </summary>
    /// <param name="name">Its name; the output's is the same behind <c>next_</c>.</param>
    /// <param name="initial">What it is before the first row, of one row of the batch.</param>
    /// <param name="about">What it is.</param>
    /// <returns>The names of the input and of the output, whose value is still to be added.</returns>
    public (string Before, string After) State<T>(string name, ReadOnlySpan<T> initial, string about) where T : unmanaged
    {
        Dimension[] shape = [Fixed(1), Any("batch"), Fixed(initial.Length)];
        string after = $"next_{name}";
        Graph.Input.Add(Value(name, TypeOf<T>(), $"{about}, before the first time step; {after} of the call before", shape));
        Constant(name, initial, 1, 1, initial.Length);
        Graph.Output.Add(Value(after, TypeOf<T>(), $"{about}, after the last time step; {name} of the next call", shape));
        States.Add((name, after));
        return (name, after);
    }

    /// <summary>Adds a tensor.</summary>
    public string Constant<T>(string name, ReadOnlySpan<T> values, params ReadOnlySpan<long> shape) where T : unmanaged
    {
        var tensor = new TensorProto
        {
            Name = name, DataType = (int)TypeOf<T>(), RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values)),
        };
        tensor.Dims.AddRange(shape.ToArray());
        Graph.Initializer.Add(tensor);
        return name;
    }

    /// <summary>Adds a node with one output.</summary>
    /// <param name="type">Its operator.</param>
    /// <param name="output">The name of its output.</param>
    /// <param name="inputs">The names of its inputs.</param>
    /// <param name="attributes">Its attributes.</param>
    public string Node(string type, string output, IReadOnlyList<string> inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        Node(type, [output], inputs, attributes);
        return output;
    }

    /// <summary>Adds a node with several outputs.</summary>
    /// <inheritdoc cref="Node(string, string, IReadOnlyList{string}, ReadOnlySpan{AttributeProto})"/>
    public void Node(
        string type, IReadOnlyList<string> outputs, IReadOnlyList<string> inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        var node = new NodeProto { OpType = type, Name = outputs[0] };
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs);
        node.Attribute.AddRange(attributes.ToArray());
        Graph.Node.Add(node);
    }

    /// <summary>Adds the numbers of texts.</summary>
    /// <param name="output">The name of the numbers.</param>
    /// <param name="texts">The name of the texts.</param>
    /// <param name="numbers">The number of each text.</param>
    /// <param name="otherwise">The number of any other.</param>
    public string Numbers(string output, string texts, IReadOnlyList<(string Text, long Number)> numbers, long otherwise)
    {
        var keys = new AttributeProto { Name = "keys_strings", Type = AttributeProto.Types.AttributeType.Strings };
        keys.Strings.AddRange(numbers.Select(one => ByteString.CopyFromUtf8(one.Text)));
        var values = new AttributeProto { Name = "values_int64s", Type = AttributeProto.Types.AttributeType.Ints };
        values.Ints.AddRange(numbers.Select(one => one.Number));
        Node("LabelEncoder", output, [texts], keys, values, Attribute("default_int64", otherwise));
        Graph.Node[^1].Domain = LearningDomain;
        UsesLearningDomain = true;
        return output;
    }

    /// <summary>
    /// Has a call fail, with a name in its message, where a number is not finite: what it would make of the hidden state looks plausible.
    /// ONNX has no operator for that; what is not finite is looked up outside of a table.
    /// </summary>
    /// <param name="name">What was found, which the message repeats.</param>
    /// <param name="output">The name of the numbers behind the check.</param>
    /// <param name="numbers">The numbers, float32.</param>
    public string RefuseNonFinite(string name, string output, string numbers)
    {
        Node("Sub", "zeros", [numbers, numbers]);
        Node("IsNaN", "is_not_finite", ["zeros"]);
        Node("Cast", "place_if_finite", ["is_not_finite"], Attribute("to", (long)DataType.Int64));
        Constant("finite", [0f], 1);
        Node("Gather", "checked_zeros", ["finite", "place_if_finite"]);
        Graph.Node[^1].Name = name;
        return Node("Add", output, [numbers, "checked_zeros"]);
    }

    /// <summary>Makes a value an output, under a name of its own.</summary>
    public void Publish(string value, string name, DataType type, string about, params ReadOnlySpan<Dimension> shape)
    {
        NodeProto node = Graph.Node.Single(one => one.Output.Contains(value));
        node.Output[node.Output.IndexOf(value)] = name;
        Graph.Output.Insert(0, Value(name, type, about, shape));
    }

    /// <summary>A number as a node's attribute.</summary>
    public static AttributeProto Attribute(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    /// <summary>Numbers as a node's attribute.</summary>
    public static AttributeProto Attribute(string name, IReadOnlyList<long> values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };

    /// <summary>A text as a node's attribute.</summary>
    public static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    /// <summary>Texts as a node's attribute.</summary>
    public static AttributeProto Attribute(string name, IReadOnlyList<string> values) => new()
    {
        Name = name, Type = AttributeProto.Types.AttributeType.Strings,
        Strings = { values.Select(Google.Protobuf.ByteString.CopyFromUtf8) },
    };

    /// <summary>The operator sets that the graph needs.</summary>
    /// <param name="version">The version of the general one.</param>
    /// <param name="learningVersion">That of <c>ai.onnx.ml</c>.</param>
    public IEnumerable<OperatorSetIdProto> OperatorSets(long version, long learningVersion) =>
    [
        new() { Version = version },
        .. UsesLearningDomain ? [new() { Domain = LearningDomain, Version = learningVersion }] : Array.Empty<OperatorSetIdProto>(),
    ];

    private static ValueInfoProto Value(string name, DataType type, string about, ReadOnlySpan<Dimension> shape)
    {
        var dimensions = new TensorShapeProto();
        dimensions.Dim.AddRange(shape.ToArray().Select(one => one.Clone()));
        return new()
        {
            Name = name, DocString = about,
            Type = new() { TensorType = new() { ElemType = (int)type, Shape = dimensions } },
        };
    }

    private static DataType TypeOf<T>() => default(T) switch
    {
        float => DataType.Float,
        double => DataType.Double,
        long => DataType.Int64,
        bool => DataType.Bool,
        _ => throw new NotSupportedException($"tensors of {typeof(T)}"),
    };
}
