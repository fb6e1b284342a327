using Mono.Cecil;
using Mono.Cecil.Cil;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Architecture;

/// <summary>Quick tests start neither silos nor consoles, servers or browsers: looked for in the compiled tests.</summary>
public sealed class TestSpeedTests : IDisposable
{
    /// <summary>They start a tool of the operating system (mkfifo, mount), which ends within milliseconds.</summary>
    private static readonly string[] StartOnlyTools =
    [
        typeof(Chaos.Harness.Tool).FullName!,
        typeof(Grains.Journal.RunJournalTests).FullName!,
        typeof(Grains.Checkpoints.DiskFullTests).FullName!,
    ];

    private readonly ModuleDefinition _module = ModuleDefinition.ReadModule(typeof(TestSpeedTests).Assembly.Location);

    [Fact]
    public void TestClasses_AreMarkedSlow_WhenTheyUseWhatStartsAProcess()
    {
        var forgotten = UsersOfProcesses().Where(IsTestClass).Select(type => type.FullName)
            .Where(name => Speed.Of(typeof(TestSpeedTests).Assembly.GetType(name, throwOnError: true)!) == Speed.Quick);

        Assert.Empty(forgotten);
    }

    [Fact]
    public void UsersOfProcesses_AreFound_ThroughFixturesAndHelpers()
    {
        var found = UsersOfProcesses().Select(type => type.Name).ToHashSet();

        string[] examples =
            [nameof(EndToEnd.ConsoleProcess), nameof(EndToEnd.TrainTests), nameof(Chaos.NetworkCutTests), nameof(Silo.Web.ApiTests)];
        Assert.Superset(examples.ToHashSet(), found);
        Assert.DoesNotContain(nameof(TestSpeedTests), found);
    }

    [Fact]
    public void EveryTest_HasTheTrait()
    {
        Assert.Equal([Speed.Quick], TestContext.Current.Test!.Traits[Speed.Trait]);
        Assert.Equal(Speed.Slow, Speed.Of(typeof(Chaos.NetworkCutTests)));
        Assert.Equal(Speed.Slow, Speed.Of(typeof(Silo.Web.ApiTests)));
    }

    public void Dispose() => _module.Dispose();

    /// <summary>
    /// The types that start a process, and all that use such types, directly or not. A nested type counts as its outermost type.
    /// </summary>
    private HashSet<TypeDefinition> UsersOfProcesses()
    {
        var users = new HashSet<TypeDefinition>();
        var left = new Queue<TypeDefinition>(
            _module.Types.Where(type => StartsProcesses(type) && !StartOnlyTools.Contains(type.FullName)));
        var usersOf = _module.Types.SelectMany(type => Used(type).Select(used => (User: type, Used: used)))
            .ToLookup(use => use.Used, use => use.User);
        while (left.TryDequeue(out var type))
        {
            if (!users.Add(type))
                continue;
            foreach (var user in usersOf[type])
                left.Enqueue(user);
        }

        return users;
    }

    private static bool StartsProcesses(TypeDefinition type) => Parts(type).SelectMany(part => part.Methods).SelectMany(Assemblies.Calls)
        .Any(call => (call.DeclaringType.FullName, call.Name) is ("System.Diagnostics.Process", "Start")
            or ("Orleans.Tbptt.Client.Cluster.LocalCluster", nameof(Orleans.Tbptt.Client.Cluster.LocalCluster.StartAsync)));

    private static bool IsTestClass(TypeDefinition type) => !type.IsAbstract && type.Methods.SelectMany(method => method.CustomAttributes)
        .Any(attribute => attribute.AttributeType.Name is nameof(FactAttribute) or nameof(TheoryAttribute));

    private IEnumerable<TypeDefinition> Used(TypeDefinition type) => Parts(type)
        .SelectMany(part => part.Interfaces.Select(one => one.InterfaceType).Append(part.BaseType)
            .Concat(part.Fields.Select(field => field.FieldType)).Concat(part.Methods.SelectMany(Used)))
        .SelectMany(Parts).Select(Outermost).OfType<TypeDefinition>().Where(used => used != type).Distinct();

    private static IEnumerable<TypeReference?> Used(MethodDefinition method) => method.Parameters
        .Select(parameter => parameter.ParameterType).Append(method.ReturnType)
        .Concat(method.HasBody
            ? method.Body.Instructions.SelectMany(instruction => instruction.Operand switch
            {
                GenericInstanceMethod generic => [generic.DeclaringType, .. generic.GenericArguments],
                MemberReference and not TypeReference => [((MemberReference)instruction.Operand).DeclaringType],
                // What typeof names is not called.
                TypeReference used when instruction.OpCode != OpCodes.Ldtoken => (TypeReference?[])[used],
                _ => [],
            })
            : []);

    /// <summary>A generic type and its arguments, an array's elements.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null => [],
        GenericInstanceType generic => [generic.ElementType, .. generic.GenericArguments.SelectMany(Parts)],
        TypeSpecification other => Parts(other.ElementType),
        _ => [type],
    };

    private static IEnumerable<TypeDefinition> Parts(TypeDefinition type) => type.NestedTypes.SelectMany(Parts).Prepend(type);

    /// <summary>The type of this module that a reference leads to; null for another module's.</summary>
    private TypeDefinition? Outermost(TypeReference type)
    {
        while (type.DeclaringType is { } around)
            type = around;
        return type.Scope == _module ? _module.GetType(type.FullName) : null;
    }
}
